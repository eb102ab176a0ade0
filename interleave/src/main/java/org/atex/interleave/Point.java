package org.atex.interleave;

/**
 * A checkpoint of an actor. Its text is {@code actor:checkpoint}. Immutable.
 *
 * @param actor the name of the actor, without a colon
 * @param checkpoint the name of the checkpoint, or {@link #START} or {@link #END}
 */
public record Point(String actor, String checkpoint) {
    /** The implicit checkpoint before the code of each actor. */
    public static final String START = "start";

    /** The implicit checkpoint after the code of each actor, unless this throws. */
    public static final String END = "end";

    /**
     * Creates a point.
     *
     * @throws IllegalArgumentException if a name is blank, or the name of the actor contains a colon
     */
    public Point {
        if (actor.isBlank() || actor.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "cannot name an actor '" + actor + "': use a name that is not blank and has no colon");
        }
        if (checkpoint.isBlank()) {
            throw new IllegalArgumentException(
                    "cannot name a checkpoint of " + actor + " '" + checkpoint + "': use a name that is not blank");
        }
    }

    /**
     * Reads the text of a point.
     *
     * @param text the text, such as {@code writer:before Store.write}
     * @return the point
     * @throws IllegalArgumentException if it is not of the form {@code actor:checkpoint}
     */
    public static Point of(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("cannot read the point '" + text
                    + "': write the name of the actor, a colon and the name of the checkpoint");
        }
        return new Point(text.substring(0, colon), text.substring(colon + 1));
    }

    /** {@return the name of a checkpoint in code} */
    static String explicit(String checkpoint) {
        if (checkpoint.equals(START) || checkpoint.equals(END)) {
            throw new IllegalArgumentException("cannot name a checkpoint '" + checkpoint + "': the " + checkpoint
                    + " of each actor has this name; use another one");
        }
        return checkpoint;
    }

    boolean isStart() {
        return checkpoint.equals(START);
    }

    boolean isEnd() {
        return checkpoint.equals(END);
    }

    @Override
    public String toString() {
        return actor + ":" + checkpoint;
    }
}
