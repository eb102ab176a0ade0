package org.atex.adhoc;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.atex.api.SystemHook;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * Time limits for calls of user code. A call that does not return within its limit is interrupted. If it does not
 * return within {@link #grace()} after that, the run abandons it, reports a problem and leaves its thread running.
 *
 * <p>After {@link org.atex.api.Stop#NOW} these limits do not apply: the run ends within 10 s, even if calls hang.
 *
 * <p>Immutable and thread-safe: each {@code with…} method returns a changed copy. Two objects are equal if all limits
 * are equal.
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
        Arguments.positive(call, "call");
        Arguments.positive(setUp, "setUp");
        Arguments.positive(overrun, "overrun");
        Arguments.positive(test, "test");
        Arguments.positive(cleanUp, "cleanUp");
        Arguments.positive(store, "store");
        Arguments.positive(listener, "listener");
        Arguments.positive(grace, "grace");
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
     * {@return the limit for each short call: the methods of a test, labels and names of systems, policies,
     * {@code provision} and {@code clear}; 30 s by default}
     */
    public Duration call() {
        return call;
    }

    /**
     * {@return the limit for preparing one system (the {@link SystemHook} and opening its executor) or resetting it; 2
     * h by default}
     */
    public Duration setUp() {
        return setUp;
    }

    /**
     * {@return the time that an executor may take in addition to the limit of the test, for example to install
     * packages; 2 h by default}
     */
    public Duration overrun() {
        return overrun;
    }

    /** {@return the limit for a test without a limit of its own; 1 day by default} */
    public Duration test() {
        return test;
    }

    /** {@return the limit for closing one executor or one system; 15 min by default} */
    public Duration cleanUp() {
        return cleanUp;
    }

    /** {@return the limit for storing the results of one attempt; 15 min by default} */
    public Duration store() {
        return store;
    }

    /** {@return the limit for delivering one event to one listener; 30 s by default} */
    public Duration listener() {
        return listener;
    }

    /** {@return the time for a call to return after an interrupt; 10 s by default} */
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
     * {@return limits that are all equal}
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
     * {@return a copy with another additional time for executors}
     *
     * @param limit the limit
     */
    public Limits withOverrun(Duration limit) {
        return new Limits(call, setUp, limit, test, cleanUp, store, listener, grace);
    }

    /**
     * {@return a copy with another limit for tests without a limit of their own}
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
