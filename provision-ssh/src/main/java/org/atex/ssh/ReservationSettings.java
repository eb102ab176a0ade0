package org.atex.ssh;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/** The settings of {@link ReservationService.Builder}. */
record ReservationSettings(
        List<URI> services,
        Duration heartbeat,
        Duration lostAfter,
        Duration answerWithin,
        Duration hostWithin,
        Duration requestWithin,
        int maxAttempts,
        Duration retryDelay,
        Duration maxRetryDelay) {
    ReservationSettings {
        services = List.copyOf(services);
    }

    /** {@return the pause after a number of failed attempts: the delay, doubled by each attempt, up to a maximum} */
    Duration pause(int tries, Duration most) {
        // The shift is bounded, as a large one would overflow.
        Duration pause = retryDelay.multipliedBy(1L << Math.min(20, tries - 1));
        return pause.compareTo(most) < 0 ? pause : most;
    }
}
