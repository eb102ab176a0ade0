package org.atex.api;

/**
 * A named lock that a test holds while it runs. All isolation of tests is expressed by locks: tests that share a lock
 * may run at the same time, but a test that holds it exclusively runs beside none of them, on any system of the run.
 * Immutable.
 *
 * {@snippet :
 * TestCase alone = TestCase.named("/reboot-the-switch").withLock(TestLock.exclusive(TestLock.EVERYTHING));
 * }
 *
 * @param name the name of the lock
 * @param mode shared or exclusive
 */
public record TestLock(String name, Mode mode) {
    /** The name of the lock that every test holds shared. A test that holds it exclusively runs alone. */
    public static final String EVERYTHING = "*";

    /** The mode in which a test holds a lock. */
    public enum Mode {
        /** Held together with other tests that share the lock. */
        SHARED,
        /** Held by one test only. */
        EXCLUSIVE
    }

    /**
     * {@return a shared lock}
     *
     * @param name the name of the lock
     */
    public static TestLock shared(String name) {
        return new TestLock(name, Mode.SHARED);
    }

    /**
     * {@return an exclusive lock}
     *
     * @param name the name of the lock
     */
    public static TestLock exclusive(String name) {
        return new TestLock(name, Mode.EXCLUSIVE);
    }
}
