package org.atex.api;

/**
 * A named lock that a test holds while it runs. All isolation of tests is expressed by locks: tests that share a lock
 * may run at the same time, but a test that holds it exclusively runs beside none of them, on any system of the run or
 * on the same system. Immutable.
 *
 * {@snippet :
 * TestCase alone = TestCase.named("/reboot-the-switch").withLock(TestLock.exclusive(TestLock.EVERYTHING));
 * TestCase server = TestCase.named("/web-server").withLock(TestLock.exclusiveOnSystem("port 8080"));
 * }
 *
 * @param name the name of the lock; the locks of the run and those of systems have separate names
 * @param mode shared or exclusive
 * @param scope whether the lock concerns all tests of the run, or only those on the same system
 */
public record TestLock(String name, Mode mode, Scope scope) {
    /**
     * The name of the locks that every test holds shared. A test that holds it exclusively runs alone in the run, or
     * alone on its system.
     */
    public static final String EVERYTHING = "*";

    /** The mode in which a test holds a lock. */
    public enum Mode {
        /** Held together with other tests that share the lock. */
        SHARED,
        /** Held by one test only. */
        EXCLUSIVE
    }

    /** The tests that a lock concerns. */
    public enum Scope {
        /** All tests of the run. */
        RUN,
        /** The tests on one system at the same time. */
        SYSTEM
    }

    /**
     * {@return a shared lock}
     *
     * @param name the name of the lock
     */
    public static TestLock shared(String name) {
        return new TestLock(name, Mode.SHARED, Scope.RUN);
    }

    /**
     * {@return a lock that is shared by tests on the same system}
     *
     * @param name the name of the lock
     */
    public static TestLock sharedOnSystem(String name) {
        return new TestLock(name, Mode.SHARED, Scope.SYSTEM);
    }

    /**
     * {@return an exclusive lock}
     *
     * @param name the name of the lock
     */
    public static TestLock exclusive(String name) {
        return new TestLock(name, Mode.EXCLUSIVE, Scope.RUN);
    }

    /**
     * {@return a lock that one test at a time holds on each system}
     *
     * @param name the name of the lock
     */
    public static TestLock exclusiveOnSystem(String name) {
        return new TestLock(name, Mode.EXCLUSIVE, Scope.SYSTEM);
    }

    /**
     * {@return whether two tests cannot hold these locks at the same time}
     *
     * @param other the lock of the other test
     */
    public boolean excludes(TestLock other) {
        return name.equals(other.name)
                && scope == other.scope
                && (mode == Mode.EXCLUSIVE || other.mode == Mode.EXCLUSIVE);
    }
}
