package org.atex.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The behaviour of a system of a {@link FakeProvisioner}. Immutable; each {@code with…} method returns a changed copy.
 */
public final class FakeSystem {
    private final @Nullable Duration delay;
    private final @Nullable String failure;
    private final Map<String, String> labels;
    private final int slots;
    private final @Nullable Instant expires;
    private final boolean resettable;
    private final Supplier<FakeConnection> connection;

    private FakeSystem(
            @Nullable Duration delay,
            @Nullable String failure,
            Map<String, String> labels,
            int slots,
            @Nullable Instant expires,
            boolean resettable,
            Supplier<FakeConnection> connection) {
        this.delay = delay;
        this.failure = failure;
        this.labels = Map.copyOf(labels);
        this.slots = slots;
        this.expires = expires;
        this.resettable = resettable;
        this.connection = connection;
    }

    /** {@return the time until the system is ready or fails, or null if neither ever happens} */
    @Nullable
    Duration delay() {
        return delay;
    }

    /** {@return the reason why the system fails, or null if it becomes ready} */
    @Nullable
    String failure() {
        return failure;
    }

    Map<String, String> labels() {
        return labels;
    }

    int slots() {
        return slots;
    }

    @Nullable
    Instant expires() {
        return expires;
    }

    /** {@return whether {@link org.atex.api.Remote#reset()} succeeds} */
    boolean resettable() {
        return resettable;
    }

    /** {@return a function that creates the connection to the system} */
    Supplier<FakeConnection> connection() {
        return connection;
    }

    /** {@return a system that is ready immediately, and on which every command exits with code 0} */
    public static FakeSystem ready() {
        return new FakeSystem(Duration.ZERO, null, Map.of(), 1, null, false, FakeConnection::obedient);
    }

    /**
     * {@return a system that cannot be provisioned}
     *
     * @param why the reason
     */
    public static FakeSystem failing(String why) {
        return new FakeSystem(Duration.ZERO, why, Map.of(), 1, null, false, FakeConnection::obedient);
    }

    /** {@return a system that never becomes ready} */
    public static FakeSystem never() {
        return new FakeSystem(null, null, Map.of(), 1, null, false, FakeConnection::obedient);
    }

    /**
     * {@return a copy that becomes ready, or fails, after a time}
     *
     * @param time the time
     */
    public FakeSystem after(Duration time) {
        return new FakeSystem(time, failure, labels, slots, expires, resettable, connection);
    }

    /**
     * {@return a copy with other labels}
     *
     * @param these the labels
     */
    public FakeSystem withLabels(Map<String, String> these) {
        return new FakeSystem(delay, failure, these, slots, expires, resettable, connection);
    }

    /**
     * {@return a copy with another number of slots}
     *
     * @param count the number of tests that it may run at once
     */
    public FakeSystem withSlots(int count) {
        return new FakeSystem(delay, failure, labels, count, expires, resettable, connection);
    }

    /**
     * {@return a copy with an end of its reservation}
     *
     * @param when the end
     */
    public FakeSystem withExpiry(Instant when) {
        return new FakeSystem(delay, failure, labels, slots, when, resettable, connection);
    }

    /** {@return a copy that can be reset} */
    public FakeSystem withReset() {
        return new FakeSystem(delay, failure, labels, slots, expires, true, connection);
    }

    /**
     * {@return a copy on which commands run a program}
     *
     * @param program the program
     */
    public FakeSystem running(FakeProgram program) {
        return new FakeSystem(
                delay, failure, labels, slots, expires, resettable, () -> FakeConnection.running(program));
    }
}
