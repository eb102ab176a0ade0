package org.atex.ssh;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;

/** What a provisioner knows of a host. Its lock guards it. */
final class PooledHost {
    enum State {
        FREE,
        CONNECTING,
        /** Connected, nobody's yet. */
        READY,
        TAKEN,
        /** Given back or not wanted any more, and not yet free. */
        LEAVING,
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

    /** {@return whether it fails in this way for the first time} */
    boolean failed(String reason) {
        failures++;
        return reasons.add(reason);
    }

    void worked() {
        failures = 0;
        reasons.clear();
    }

    int failures() {
        return failures;
    }

    boolean isOutOfService() {
        return state == State.QUARANTINED || state == State.GIVEN_UP;
    }

    /** {@return how long to leave it alone: twice as long each time} */
    Duration pause(Duration first, Duration most) {
        Duration pause = first.multipliedBy(1L << Math.min(20, failures - 1));
        Duration longest = most.compareTo(first) < 0 ? first : most;
        return pause.compareTo(longest) < 0 ? pause : longest;
    }

    QuarantinedHost report() {
        return new QuarantinedHost(host, failures, new ArrayList<>(reasons), state == State.GIVEN_UP);
    }
}
