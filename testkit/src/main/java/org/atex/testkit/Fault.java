package org.atex.testkit;

/**
 * A fault that a {@link FaultProxy} applies to connections. Without a fault, bytes pass unchanged. Immutable.
 *
 * <p>A byte count must not be negative, and a number of garbage bytes or a rate must be at least 1; otherwise the
 * constructor throws {@link IllegalArgumentException}.
 */
public sealed interface Fault {
    /** The direction of bytes. */
    enum Direction {
        /** From the client to the target. */
        TO_TARGET,
        /** From the target to the client. */
        TO_CLIENT
    }

    /** New connections are refused, as if no server listened. Open connections are not affected. */
    record Refuse() implements Fault {}

    /** Connections are accepted, but no byte passes in either direction. */
    record Silence() implements Fault {}

    /**
     * The connection is reset in both directions.
     *
     * @param direction the direction in which bytes are counted
     * @param after the number of bytes that pass before the reset
     */
    record Reset(Direction direction, long after) implements Fault {
        /** Checks the count. */
        public Reset {
            checkCount(after);
        }
    }

    /**
     * One direction stalls until another fault is set; then the held bytes pass. The other direction is not affected.
     *
     * @param direction the direction that stalls
     * @param after the number of bytes that pass before the stall
     */
    record Stall(Direction direction, long after) implements Fault {
        /** Checks the count. */
        public Stall {
            checkCount(after);
        }
    }

    /**
     * One direction ends as if the sender had closed it; further bytes of the sender are lost. The other direction is
     * not affected.
     *
     * @param direction the direction that ends
     * @param after the number of bytes that pass before the end
     */
    record HalfClose(Direction direction, long after) implements Fault {
        /** Checks the count. */
        public HalfClose {
            checkCount(after);
        }
    }

    /**
     * Random bytes are inserted into one direction.
     *
     * @param direction the direction
     * @param after the number of genuine bytes that pass before
     * @param count the number of random bytes, at least 1
     * @param seed the seed of the random generator; the same seed gives the same bytes
     */
    record Garbage(Direction direction, long after, int count, long seed) implements Fault {
        /** Checks the counts. */
        public Garbage {
            checkCount(after);
            checkCount(count - 1);
        }
    }

    /**
     * The rate of one direction is limited.
     *
     * @param direction the direction
     * @param bytesPerSecond the rate, at least 1
     */
    record Slow(Direction direction, int bytesPerSecond) implements Fault {
        /** Checks the rate. */
        public Slow {
            checkCount(bytesPerSecond - 1);
        }
    }

    private static void checkCount(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("the number of bytes of a fault is too small by " + -count);
        }
    }
}
