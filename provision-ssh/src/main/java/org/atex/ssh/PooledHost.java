package org.atex.ssh;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;

/** The state of a host in a {@link HostPool}, whose lock guards it. */
final class PooledHost {
    enum State {
        FREE,
        /** Being connected to, handed out, or being checked after use. */
        IN_USE,
        QUARANTINED,
        GIVEN_UP
    }

    final Host host;
    State state = State.FREE;
    private final Set<String> reasons = new LinkedHashSet<>();
    private int failures;

    PooledHost(Host host) {
        this.host = host;
    }

    /** {@return whether this reason is new since the last success} Counts a failure. */
    boolean recordFailure(String reason) {
        failures++;
        return reasons.add(reason);
    }

    /** Forgets the failures after a successful use. */
    void resetFailures() {
        failures = 0;
        reasons.clear();
    }

    int failures() {
        return failures;
    }

    boolean isGivenUp() {
        return state == State.GIVEN_UP;
    }

    boolean isOutOfService() {
        return state == State.QUARANTINED || state == State.GIVEN_UP;
    }

    /** {@return how long to keep the host in quarantine: {@code first}, doubled by each failure, up to {@code most}} */
    Duration pause(Duration first, Duration most) {
        // The shift is bounded, as a large one would overflow.
        Duration pause = first.multipliedBy(1L << Math.min(20, failures - 1));
        Duration longest = most.compareTo(first) < 0 ? first : most;
        return pause.compareTo(longest) < 0 ? pause : longest;
    }

    QuarantinedHost report() {
        return new QuarantinedHost(host, failures, new ArrayList<>(reasons), state == State.GIVEN_UP);
    }
}
