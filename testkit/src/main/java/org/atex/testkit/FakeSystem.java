package org.atex.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FakeProvisioner} does when it is asked for a system. Immutable; each {@code with…} method gives a changed
 * copy.
 *
 * @param delay how long it takes, or null if nothing ever comes of it
 * @param failure why there is no system in the end, or null if there is one
 * @param labels its labels
 * @param slots how many tests it may run at once
 * @param expires when its reservation ends, or null
 * @param resettable whether it can be put back to a fresh state
 * @param connection makes the channel to it
 */
public record FakeSystem(
        @Nullable Duration delay,
        @Nullable String failure,
        Map<String, String> labels,
        int slots,
        @Nullable Instant expires,
        boolean resettable,
        Supplier<FakeConnection> connection) {
    /** Copies the labels. */
    public FakeSystem {
        labels = Map.copyOf(labels);
    }

    /** {@return a system that is there at once, and on which every command exits with 0} */
    public static FakeSystem ready() {
        return new FakeSystem(Duration.ZERO, null, Map.of(), 1, null, false, FakeConnection::obedient);
    }

    /**
     * {@return a system that cannot be had}
     *
     * @param why the reason
     */
    public static FakeSystem failing(String why) {
        return new FakeSystem(Duration.ZERO, why, Map.of(), 1, null, false, FakeConnection::obedient);
    }

    /** {@return a system that never comes} */
    public static FakeSystem never() {
        return new FakeSystem(null, null, Map.of(), 1, null, false, FakeConnection::obedient);
    }

    /**
     * {@return this one, later}
     *
     * @param time how long it takes to come, or to fail
     */
    public FakeSystem after(Duration time) {
        return new FakeSystem(time, failure, labels, slots, expires, resettable, connection);
    }

    /**
     * {@return this one with labels}
     *
     * @param these the labels
     */
    public FakeSystem withLabels(Map<String, String> these) {
        return new FakeSystem(delay, failure, these, slots, expires, resettable, connection);
    }

    /**
     * {@return this one with room for several tests at once}
     *
     * @param count how many
     */
    public FakeSystem withSlots(int count) {
        return new FakeSystem(delay, failure, labels, count, expires, resettable, connection);
    }

    /**
     * {@return this one with an end of its reservation}
     *
     * @param when the end
     */
    public FakeSystem withExpiry(Instant when) {
        return new FakeSystem(delay, failure, labels, slots, when, resettable, connection);
    }

    /** {@return this one, which can be put back to a fresh state} */
    public FakeSystem withReset() {
        return new FakeSystem(delay, failure, labels, slots, expires, true, connection);
    }

    /**
     * {@return this one on which commands do something}
     *
     * @param program what
     */
    public FakeSystem running(FakeProgram program) {
        return new FakeSystem(
                delay, failure, labels, slots, expires, resettable, () -> FakeConnection.running(program));
    }
}
