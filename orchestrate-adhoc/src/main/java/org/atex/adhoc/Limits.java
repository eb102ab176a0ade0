package org.atex.adhoc;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.atex.api.SystemHook;
import org.jspecify.annotations.Nullable;

/**
 * How long a run waits for code that is not its own. A call that does not return within its limit is interrupted; if it
 * does not return within {@link #grace()} after that, the run goes on without it, says so, and leaves its thread alone.
 *
 * <p>After {@link org.atex.api.Stop#NOW} these limits do not count: the run ends within ten seconds, whatever its parts do.
 *
 * <p>Immutable, and so thread-safe: each {@code with…} method returns a changed copy. Two are equal if all limits are.
 */
public final class Limits {
    private final Duration call;
    private final Duration setUp;
    private final Duration overrun;
    private final Duration test;
    private final Duration cleanUp;
    private final Duration store;
    private final Duration listener;
    private final Duration grace;

    private Limits(
            Duration call,
            Duration setUp,
            Duration overrun,
            Duration test,
            Duration cleanUp,
            Duration store,
            Duration listener,
            Duration grace) {
        RunBuilder.positive(call, "call");
        RunBuilder.positive(setUp, "setUp");
        RunBuilder.positive(overrun, "overrun");
        RunBuilder.positive(test, "test");
        RunBuilder.positive(cleanUp, "cleanUp");
        RunBuilder.positive(store, "store");
        RunBuilder.positive(listener, "listener");
        RunBuilder.positive(grace, "grace");
        this.call = call;
        this.setUp = setUp;
        this.overrun = overrun;
        this.test = test;
        this.cleanUp = cleanUp;
        this.store = store;
        this.listener = listener;
        this.grace = grace;
    }

    /**
     * {@return the limit of any short call: the methods of a test, labels and names of systems, policies, {@code provision} and
     * {@code clear}; 30 s by default}
     */
    public Duration call() {
        return call;
    }

    /**
     * {@return the limit of the preparation of one system: the {@link SystemHook} and the opening of its executor, or a reset;
     * 2 h by default}
     */
    public Duration setUp() {
        return setUp;
    }

    /**
     * {@return the time that an executor may take beyond the limit of the test, such as for packages that the test needs; 2 h by
     * default}
     */
    public Duration overrun() {
        return overrun;
    }

    /** {@return the limit of a test that has none of its own; 1 day by default} */
    public Duration test() {
        return test;
    }

    /** {@return the limit of closing one executor or one system; 15 min by default} */
    public Duration cleanUp() {
        return cleanUp;
    }

    /** {@return the limit of storing the results of one attempt; 15 min by default} */
    public Duration store() {
        return store;
    }

    /** {@return the limit of one event for one listener; 30 s by default} */
    public Duration listener() {
        return listener;
    }

    /** {@return the time to return after an interrupt; 10 s by default} */
    public Duration grace() {
        return grace;
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

    private List<@Nullable Object> properties() {
        return Arrays.asList(call, setUp, overrun, test, cleanUp, store, listener, grace);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Limits that && properties().equals(that.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }
}
