package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Whether a provisioner is worth asking. Closed, it may be asked for any number of systems. When most of its latest systems
 * failed it opens: nothing is asked for until a delay is over, then one system to probe. Each probe that fails doubles the
 * delay, one that works closes the breaker.
 */
final class Breaker {
    private static final double TOO_MANY = 0.8;
    private static final Duration FIRST_DELAY = Duration.ofSeconds(5);
    private static final Duration LONGEST_DELAY = Duration.ofMinutes(5);

    private final int window;
    private final Duration patience;
    private final Deque<Boolean> latest = new ArrayDeque<>();
    private int failures;
    private Duration delay = FIRST_DELAY;
    private @Nullable Instant openUntil;
    private @Nullable Instant failingSince;
    private int failedSince;

    /**
     * Makes a closed one.
     *
     * @param window how many of the latest systems count
     * @param patience how long it may do nothing but fail before it is hopeless
     */
    Breaker(int window, Duration patience) {
        this.window = window;
        this.patience = patience;
    }

    void failed(Instant now) {
        count(false);
        failedSince++;
        failingSince = failingSince == null ? now : failingSince;
        if (openUntil != null) {
            if (!now.isBefore(openUntil)) {
                open(now);
            }
        } else if (failures >= Math.ceil(window * TOO_MANY)) {
            open(now);
        }
    }

    private void open(Instant now) {
        openUntil = now.plus(delay);
        delay = delay.multipliedBy(2).compareTo(LONGEST_DELAY) < 0 ? delay.multipliedBy(2) : LONGEST_DELAY;
    }

    void worked() {
        count(true);
        failingSince = null;
        failedSince = 0;
        openUntil = null;
        delay = FIRST_DELAY;
    }

    private void count(boolean good) {
        latest.add(good);
        failures += good ? 0 : 1;
        if (latest.size() > window && !latest.remove()) {
            failures--;
        }
    }

    /** {@return whether any number of systems may be asked for} */
    boolean isClosed() {
        return openUntil == null;
    }

    /** {@return whether one system may be asked for, if none is under way} */
    boolean mayProbe(Instant now) {
        return openUntil != null && !now.isBefore(openUntil);
    }

    /** {@return when a probe may be sent, or null if the breaker is closed} */
    @Nullable
    Instant probeAt() {
        return openUntil;
    }

    /** {@return when it becomes hopeless unless something works, or null if the breaker is closed} */
    @Nullable
    Instant hopelessAt() {
        return openUntil == null || failingSince == null ? null : failingSince.plus(patience);
    }

    boolean isHopeless(Instant now) {
        Instant at = hopelessAt();
        return at != null && !now.isBefore(at);
    }

    /** {@return how many systems have failed since the last one that worked} */
    int failedSince() {
        return failedSince;
    }
}
