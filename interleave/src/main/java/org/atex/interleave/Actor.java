package org.atex.interleave;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * An actor as the {@link Stage} controls it.
 *
 * <p>Implementations are thread-safe, and only {@link #awaitEnd} waits: the stage calls the others under its lock.
 */
interface Actor {
    String name();

    /**
     * Adds an actor to others.
     *
     * @param actor creates the actor for each run
     * @throws IllegalArgumentException if the name is invalid or not unique
     */
    static void add(Map<String, Supplier<Actor>> actors, String name, Supplier<Actor> actor) {
        Point start = new Point(name, Point.START);
        if (actors.putIfAbsent(start.actor(), actor) != null) {
            throw new IllegalArgumentException("cannot add a second actor " + name + ": use unique names");
        }
    }

    /** {@return new actors for a run} */
    static List<Actor> create(Map<String, Supplier<Actor>> actors) {
        return actors.values().stream().map(Supplier::get).toList();
    }

    /** Starts it, once. At its end it calls {@link Gate#ended}, unless this method throws. */
    void start(Gate gate);

    /** Asks it to end, after {@link #start}. */
    void interrupt();

    /** Waits for its end after {@link #start}, also if interrupted, and returns whether it has ended. */
    boolean awaitEnd(Duration atMost);

    /** {@return its current activity} */
    Activity activity();
}
