package org.atex.podman;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for what must be done whatever happens. */
final class Patience {
    private Patience() {}

    /**
     * Waits until something is done or has failed.
     *
     * @param deadline until when, as {@link System#nanoTime()} has it; {@link Long#MAX_VALUE} for ever
     * @return whether the thread was interrupted meanwhile
     */
    static boolean done(Future<?> future, long deadline) {
        boolean interrupted = false;
        while (true) {
            try {
                long left = deadline == Long.MAX_VALUE ? deadline : deadline - System.nanoTime();
                future.get(Math.max(0, left), TimeUnit.NANOSECONDS);
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException | TimeoutException e) {
                return interrupted;
            }
        }
    }
}
