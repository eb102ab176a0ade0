package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Tracks whether this machine has disk space for artifacts, and when to check again. Part of the {@link Schedule}; not
 * thread-safe.
 */
final class FreeSpaceWatch {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final Duration patience;
    private @Nullable Instant goneSince;
    private @Nullable Instant lookAt;
    private String why = "";

    FreeSpaceWatch(Duration patience) {
        this.patience = patience;
    }

    boolean isShort() {
        return goneSince != null;
    }

    String why() {
        return why;
    }

    void isGone(String reason, Instant now) {
        why = reason;
        goneSince = now;
        lookAt = now.plus(shorter(INTERVAL, patience.dividedBy(4)));
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    void returned() {
        goneSince = null;
        lookAt = null;
    }

    void lookedFor(Instant now) {
        lookAt = now.plus(shorter(INTERVAL, patience.dividedBy(4)));
    }

    boolean isDue(Instant now) {
        return lookAt != null && !now.isBefore(lookAt);
    }

    boolean isHopeless(Instant now) {
        return goneSince != null && !now.isBefore(goneSince.plus(patience));
    }

    @Nullable
    Instant wakeAt() {
        return lookAt;
    }
}
