package org.atex.api;

/**
 * A named thing that a test holds while it runs. Every wish for isolation is one of these: tests that share a lock run
 * side by side, a test that holds it exclusively runs beside none of them, on whatever systems they are.
 *
 * @param name what is locked
 * @param mode how
 */
public record TestLock(String name, Mode mode) {
    /** The lock that every test holds shared, unless it says otherwise: holding it exclusively is to run alone. */
    public static final String EVERYTHING = "*";

    /** How a lock is held. */
    public enum Mode {
        /** Beside others that share it. */
        SHARED,
        /** Alone. */
        EXCLUSIVE
    }

    /**
     * {@return a lock held beside others that share it}
     *
     * @param name what is locked
     */
    public static TestLock shared(String name) {
        return new TestLock(name, Mode.SHARED);
    }

    /**
     * {@return a lock held alone}
     *
     * @param name what is locked
     */
    public static TestLock exclusive(String name) {
        return new TestLock(name, Mode.EXCLUSIVE);
    }
}
