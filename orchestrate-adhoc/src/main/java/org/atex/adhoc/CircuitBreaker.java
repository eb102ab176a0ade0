package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A circuit breaker for a provisioner. While it is closed, any number of systems may be requested. It opens when 80 %
 * of the recent systems failed: no system is requested until a delay has passed, then one system as a probe. A failed
 * probe doubles the delay (5 s to 5 min); a working system closes the breaker. Not thread-safe.
 */
final class CircuitBreaker {
    private static final double OPEN_AT = 0.8;
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
     * Creates a closed breaker.
     *
     * @param window the number of recent systems that count
     * @param patience how long systems may fail without a success before the provisioner is hopeless
     */
    CircuitBreaker(int window, Duration patience) {
        this.window = window;
        this.patience = patience;
    }

    void failed(Instant now) {
        count(false);
        failedSince++;
        failingSince = failingSince == null ? now : failingSince;
        if (openUntil != null) {
            // Failures of systems requested before the breaker opened do not extend the delay.
            if (!now.isBefore(openUntil)) {
                open(now);
            }
        } else if (failures >= Math.ceil(window * OPEN_AT)) {
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

    /** {@return whether any number of systems may be requested} */
    boolean isClosed() {
        return openUntil == null;
    }

    /** {@return whether one system may be requested, if no request is pending} */
    boolean mayProbe(Instant now) {
        return openUntil != null && !now.isBefore(openUntil);
    }

    /** {@return when the next probe may be requested, or null if the breaker is closed} */
    @Nullable
    Instant probeAt() {
        return openUntil;
    }

    /** {@return when the provisioner becomes hopeless without a success, or null if the breaker is closed} */
    @Nullable
    Instant hopelessAt() {
        return openUntil == null || failingSince == null ? null : failingSince.plus(patience);
    }

    boolean isHopeless(Instant now) {
        Instant at = hopelessAt();
        return at != null && !now.isBefore(at);
    }

    /** {@return the number of failures since the last working system} */
    int failedSince() {
        return failedSince;
    }
}
