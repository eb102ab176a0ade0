package org.atex.ssh;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/** How to deal with reservation services. */
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

    /** {@return how long to wait after so many tries in vain: twice as long each time} */
    Duration pause(int tries, Duration most) {
        Duration pause = retryDelay.multipliedBy(1L << Math.min(20, tries - 1));
        return pause.compareTo(most) < 0 ? pause : most;
    }
}
