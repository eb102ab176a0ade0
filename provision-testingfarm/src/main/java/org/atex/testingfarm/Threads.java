package org.atex.testingfarm;

import java.time.Duration;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates the threads of this module: virtual, named, and with a handler that logs uncaught exceptions. */
final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(Threads.class);

    private Threads() {}

    static Thread unstarted(String name, Runnable task) {
        return Thread.ofVirtual()
                .name("atex-" + name)
                .uncaughtExceptionHandler((thread, e) -> LOG.error("{} died", thread.getName(), e))
                .unstarted(task);
    }

    static Thread start(String name, Runnable task) {
        Thread thread = unstarted(name, task);
        thread.start();
        return thread;
    }

    /**
     * Waits until the threads that were started have ended, also when interrupted; the interrupt is restored
     * afterwards.
     *
     * @return whether all have ended
     */
    static boolean join(Collection<Thread> threads, Duration atMost) {
        boolean interrupted = false;
        boolean ended = true;
        long deadline = System.nanoTime() + atMost.toNanos();
        for (Thread thread : threads) {
            // A thread that was never started would make join() throw.
            while (thread.getState() != Thread.State.NEW) {
                try {
                    ended &= thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return ended;
    }
}
