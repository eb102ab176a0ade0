package org.atex.interleave;

import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Looks from time to time whether a moving actor is stuck, because the JVM does not notify about threads that wait. Not
 * thread-safe.
 */
final class Watch {
    private final Patience patience;
    private final Actor actor;
    private final long start = System.nanoTime();
    private final long end;
    private long nextLook;
    private long unchangedSince = start;
    private @Nullable Activity latest;

    Watch(Patience patience, Actor actor) {
        this.patience = patience;
        this.actor = actor;
        end = start + patience.limit().toNanos();
        scheduleLook(start);
    }

    private void scheduleLook(long now) {
        nextLook = now + Math.min(end - now, patience.lockedAfter().toNanos());
    }

    long nanosToNextLook() {
        return nextLook - System.nanoTime();
    }

    /**
     * Returns the reason why the actor is stuck.
     *
     * @param holder the point where the actor of a thread is parked, if any
     * @param next the place that the moving actor has to reach
     */
    Optional<String> look(LongFunction<Optional<Point>> holder, String next) {
        long now = System.nanoTime();
        scheduleLook(now);
        Activity activity = actor.activity();
        if (!activity.equals(latest)) {
            latest = activity;
            unchangedSince = now;
        }
        Optional<Point> locked = activity.waiting() ? holder.apply(activity.holder()) : Optional.empty();
        if (locked.isPresent()) {
            // It cannot go on: the other one does not move, and the wait has no limit.
            return locked.map(
                    point -> "waits for a lock that " + point.actor() + " holds, which is parked at " + point);
        }
        if (now - end >= 0) {
            return Optional.of("did not reach " + next + " within " + Patience.text(patience.limit()));
        }
        boolean waits = activity.waiting()
                && now - unchangedSince >= patience.waitingAfter().toNanos();
        return waits ? Optional.of("waits for another thread") : Optional.empty();
    }
}
