package org.atex.adhoc;

import java.time.Duration;

/**
 * How long a run waits for code that is not its own. A call that does not return within its limit is interrupted; if it
 * does not return within {@link #grace()} after that, the run goes on without it, says so, and leaves its thread alone.
 *
 * <p>After {@link org.atex.api.Stop#NOW} these limits do not count: the run ends within ten seconds, whatever its parts do.
 *
 * <p>Immutable, and so thread-safe: each {@code with…} method returns a changed copy.
 *
 * @param call any short call: a test's own methods, labels and names of systems, policies, {@code provision} and
 *     {@code clear}; 30 s
 * @param setUp the preparation of one system: the {@link SystemHook} and the opening of its executors, or a reset; 2 h
 * @param overrun the time an executor may take beyond the test's own limit, such as for packages that a test needs; 2 h
 * @param test a test that has no limit of its own; 1 day
 * @param cleanUp the closing of one executor or of one system; 15 min
 * @param store the storing of one attempt's results; 15 min
 * @param listener one event for one listener; 30 s
 * @param grace the time to return after an interrupt; 10 s
 */
public record Limits(
        Duration call,
        Duration setUp,
        Duration overrun,
        Duration test,
        Duration cleanUp,
        Duration store,
        Duration listener,
        Duration grace) {
    /** Refuses limits that are no time at all. */
    public Limits {
        RunBuilder.positive(call, "call");
        RunBuilder.positive(setUp, "setUp");
        RunBuilder.positive(overrun, "overrun");
        RunBuilder.positive(test, "test");
        RunBuilder.positive(cleanUp, "cleanUp");
        RunBuilder.positive(store, "store");
        RunBuilder.positive(listener, "listener");
        RunBuilder.positive(grace, "grace");
    }

    /** {@return the default limits} */
    public static Limits defaults() {
        return new Limits(
                Duration.ofSeconds(30),
                Duration.ofHours(2),
                Duration.ofHours(2),
                Duration.ofDays(1),
                Duration.ofMinutes(15),
                Duration.ofMinutes(15),
                Duration.ofSeconds(30),
                Duration.ofSeconds(10));
    }

    /**
     * {@return the same limit for everything}
     *
     * @param limit the limit, also for {@link #grace()}
     */
    public static Limits all(Duration limit) {
        return new Limits(limit, limit, limit, limit, limit, limit, limit, limit);
    }

    /**
     * {@return a copy with another limit for short calls}
     *
     * @param limit the limit
     */
    public Limits withCall(Duration limit) {
        return new Limits(limit, setUp, overrun, test, cleanUp, store, listener, grace);
    }

    /**
     * {@return a copy with another limit for the preparation of a system}
     *
     * @param limit the limit
     */
    public Limits withSetUp(Duration limit) {
        return new Limits(call, limit, overrun, test, cleanUp, store, listener, grace);
    }

    /**
     * {@return a copy with another time for executors beyond a test's limit}
     *
     * @param limit the limit
     */
    public Limits withOverrun(Duration limit) {
        return new Limits(call, setUp, limit, test, cleanUp, store, listener, grace);
    }

    /**
     * {@return a copy with another limit for tests that have none}
     *
     * @param limit the limit
     */
    public Limits withTest(Duration limit) {
        return new Limits(call, setUp, overrun, limit, cleanUp, store, listener, grace);
    }

    /**
     * {@return a copy with another limit for closing executors and systems}
     *
     * @param limit the limit
     */
    public Limits withCleanUp(Duration limit) {
        return new Limits(call, setUp, overrun, test, limit, store, listener, grace);
    }

    /**
     * {@return a copy with another limit for storing results}
     *
     * @param limit the limit
     */
    public Limits withStore(Duration limit) {
        return new Limits(call, setUp, overrun, test, cleanUp, limit, listener, grace);
    }

    /**
     * {@return a copy with another limit for listeners}
     *
     * @param limit the limit
     */
    public Limits withListener(Duration limit) {
        return new Limits(call, setUp, overrun, test, cleanUp, store, limit, grace);
    }

    /**
     * {@return a copy with another time to return after an interrupt}
     *
     * @param limit the limit
     */
    public Limits withGrace(Duration limit) {
        return new Limits(call, setUp, overrun, test, cleanUp, store, listener, limit);
    }
}
