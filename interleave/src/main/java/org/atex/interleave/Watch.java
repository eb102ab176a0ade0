package org.atex.interleave;

import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks from time to time whether a moving actor is stuck, because the JVM does not notify about threads that wait. Time
 * counts only as far as it was looked at: if the machine pauses, or does not run this program for a while, the actor
 * could not go on either. Not thread-safe.
 */
final class Watch {
    private final Patience patience;
    private final Actor actor;
    private final LongSupplier clock;
    private final long end;
    private long latestLook;
    private long nextLook;
    private long unchangedNanos;
    private @Nullable Activity latest;

    Watch(Patience patience, Actor actor) {
        this(patience, actor, System::nanoTime);
    }

    Watch(Patience patience, Actor actor, LongSupplier clock) {
        this.patience = patience;
        this.actor = actor;
        this.clock = clock;
        latestLook = clock.getAsLong();
        end = latestLook + patience.limit().toNanos();
        scheduleLook(latestLook);
    }

    private void scheduleLook(long now) {
        nextLook = now + Math.min(end - now, patience.lockedAfter().toNanos());
    }

    long nanosToNextLook() {
        return nextLook - clock.getAsLong();
    }

    /**
     * Returns the reason why the actor is stuck.
     *
     * @param holder the point where the actor of a thread is parked, if any
     * @param next the place that the moving actor has to reach
     */
    Optional<String> look(LongFunction<Optional<Point>> holder, String next) {
        long now = clock.getAsLong();
        scheduleLook(now);
        Activity activity = actor.activity();
        if (activity.equals(latest)) {
            unchangedNanos += Math.min(now - latestLook, patience.lockedAfter().toNanos());
        } else {
            latest = activity;
            unchangedNanos = 0;
        }
        latestLook = now;
        Optional<Point> locked = activity.waiting() ? holder.apply(activity.holder()) : Optional.empty();
        if (locked.isPresent()) {
            // It cannot go on: the other one does not move, and the wait has no limit.
            return locked.map(
                    point -> "waits for a lock that " + point.actor() + " holds, which is parked at " + point);
        }
        if (now - end >= 0) {
            return Optional.of("did not reach " + next + " within " + Patience.text(patience.limit()));
        }
        boolean waits =
                activity.waiting() && unchangedNanos >= patience.waitingAfter().toNanos();
        return waits ? Optional.of("waits for another thread") : Optional.empty();
    }
}
