package org.atex.ssh;

import java.time.Duration;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates named virtual threads that log uncaught exceptions. */
final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(Threads.class);

    private Threads() {}

    static Thread unstarted(String name, Runnable task) {
        return Thread.ofVirtual()
                .name("atex-" + name)
                .uncaughtExceptionHandler(
                        (thread, e) -> LOG.error("thread {} ended with an exception", thread.getName(), e))
                .unstarted(task);
    }

    static Thread start(String name, Runnable task) {
        Thread thread = unstarted(name, task);
        thread.start();
        return thread;
    }

    /**
     * Waits until all threads that were started have ended. An interrupt does not end the wait; it is kept.
     *
     * @param threads the threads
     * @param atMost the time limit for all of them
     * @return whether they have ended
     */
    static boolean join(Collection<Thread> threads, Duration atMost) {
        boolean interrupted = false;
        boolean ended = true;
        long deadline = System.nanoTime() + atMost.toNanos();
        for (Thread thread : threads) {
            // An unstarted thread would make join throw.
            while (thread.getState() != Thread.State.NEW) {
                try {
                    // At least 1 ns: a thread that has ended must count as ended after the deadline, too.
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
