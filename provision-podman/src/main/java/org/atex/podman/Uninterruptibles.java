package org.atex.podman;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits during cleanup, which an interrupt must not cut short. */
final class Uninterruptibles {
    private Uninterruptibles() {}

    /**
     * Waits until a future completes, normally or exceptionally, or the deadline passes.
     *
     * @param deadline the deadline in terms of {@link System#nanoTime()}; {@link Long#MAX_VALUE} means no deadline
     * @return whether the thread was interrupted while it waited; the caller must restore the interrupt status
     */
    static boolean awaitDone(Future<?> future, long deadline) {
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
