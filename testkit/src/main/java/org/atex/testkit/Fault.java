package org.atex.testkit;

/** What a {@link FaultProxy} does to connections. Immutable. Without any, bytes pass as they are. */
public sealed interface Fault {
    /** Which way bytes go. */
    enum Direction {
        /** From whoever connected to the target. */
        TO_TARGET,
        /** From the target to whoever connected. */
        TO_CLIENT
    }

    /** Nobody listens: connections are refused. Those that are open go on. */
    record Refuse() implements Fault {}

    /** Connections are accepted, and nothing is ever said or read on them. */
    record Silence() implements Fault {}

    /**
     * The connection is reset, both ways.
     *
     * @param direction whose bytes count
     * @param after how many of them pass before
     */
    record Reset(Direction direction, long after) implements Fault {
        /** Checks what it is given. */
        public Reset {
            checkCount(after);
        }
    }

    /**
     * One direction stands still, until there is another fault; then what was held back passes. The other goes on.
     *
     * @param direction which
     * @param after how many bytes pass before
     */
    record Stall(Direction direction, long after) implements Fault {
        /** Checks what it is given. */
        public Stall {
            checkCount(after);
        }
    }

    /**
     * One direction ends as if the sender had closed it; what it goes on sending is lost. The other goes on.
     *
     * @param direction which
     * @param after how many bytes pass before
     */
    record HalfClose(Direction direction, long after) implements Fault {
        /** Checks what it is given. */
        public HalfClose {
            checkCount(after);
        }
    }

    /**
     * Bytes that nobody sent come in between.
     *
     * @param direction to whom
     * @param after how many real bytes pass before
     * @param count how many come
     * @param seed decides which: the same for the same seed
     */
    record Garbage(Direction direction, long after, int count, long seed) implements Fault {
        /** Checks what it is given. */
        public Garbage {
            checkCount(after);
            checkCount(count - 1);
        }
    }

    /**
     * One direction is slow.
     *
     * @param direction which
     * @param bytesPerSecond how slow, at least 1
     */
    record Slow(Direction direction, int bytesPerSecond) implements Fault {
        /** Checks what it is given. */
        public Slow {
            checkCount(bytesPerSecond - 1);
        }
    }

    private static void checkCount(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("a fault's number of bytes is too small by " + -count);
        }
    }
}
