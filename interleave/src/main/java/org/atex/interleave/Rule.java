package org.atex.interleave;

/**
 * Decides at which points actors stop. The {@link Stage} calls it under its lock; it need not be thread-safe.
 */
interface Rule {
    /**
     * {@return whether an actor that has reached a point stops there}
     *
     * @throws OrderException if the actor should have stopped at another point before
     */
    boolean stopsAt(Point point);

    /** Notes that an actor passes a point at which it stopped. */
    void passed(Point point);

    /** {@return whether an actor must stop at a point before it ends} */
    boolean expects(Point point);

    /** {@return a description of the next place where an actor has to stop or end, for messages} */
    String next(String actor);
}
