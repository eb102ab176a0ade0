package org.atex.support;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates named threads that log uncaught exceptions. Thread-safe. */
public final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(Threads.class);

    private Threads() {}

    /**
     * {@return a virtual thread that is not started}
     *
     * @param name the name, without the prefix {@code atex-}
     * @param task the task
     */
    public static Thread unstarted(String name, Runnable task) {
        return Thread.ofVirtual()
                .name("atex-" + name)
                .uncaughtExceptionHandler(Threads::log)
                .unstarted(task);
    }

    /**
     * Starts a virtual thread.
     *
     * @param name the name, without the prefix {@code atex-}
     * @param task the task
     * @return the thread
     */
    public static Thread start(String name, Runnable task) {
        Thread thread = unstarted(name, task);
        thread.start();
        return thread;
    }

    /**
     * Starts a daemon thread of the platform, for tasks that block on files or processes: these would block the carrier
     * of a virtual thread.
     *
     * @param name the name, without the prefix {@code atex-}
     * @param task the task
     * @return the thread
     */
    public static Thread startDaemon(String name, Runnable task) {
        return Thread.ofPlatform()
                .daemon()
                .name("atex-" + name)
                .uncaughtExceptionHandler(Threads::log)
                .start(task);
    }

    private static void log(Thread thread, Throwable e) {
        LOG.error("thread {} ended with an exception", thread.getName(), e);
    }

    /**
     * Runs a task in a virtual thread and waits for its end, also if interrupted: an interrupt of the caller does not
     * reach the task, and is pending afterwards. After the time limit, the thread is interrupted and not waited for.
     *
     * @param name the name of the thread, without the prefix {@code atex-}
     * @param atMost the time limit
     * @param task the task
     */
    public static void complete(String name, Duration atMost, Runnable task) {
        Thread thread = start(name, task);
        if (!join(List.of(thread), atMost)) {
            thread.interrupt();
        }
    }

    /**
     * Waits for the end of a thread, also if interrupted; the interrupt is pending afterwards. A thread that was not
     * started counts as ended.
     *
     * @param thread the thread
     */
    public static void join(Thread thread) {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            section.join(thread);
        }
    }

    /**
     * Waits for the end of several threads, also if interrupted; the interrupt is pending afterwards. Threads that were
     * not started count as ended.
     *
     * @param threads the threads
     * @param atMost the time limit for all of them together
     * @return whether all have ended
     */
    public static boolean join(Collection<Thread> threads, Duration atMost) {
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            return section.join(threads, atMost);
        }
    }
}
