package org.atex.adhoc;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads on which user code runs. The first 512 at a time are platform threads, because user code that pins or
 * never yields its thread would block a carrier of virtual threads. Further ones are virtual threads, which need less
 * memory. Thread-safe.
 */
class Workers implements Executor, AutoCloseable {
    private static final int PLATFORM_THREADS = 512;
    private static final long KEEP_SECONDS = 5;

    private final ThreadPoolExecutor platform;
    private final ThreadFactory virtual =
            Thread.ofVirtual().name("atex-worker-", 1).factory();
    private final AtomicInteger busy = new AtomicInteger();

    Workers() {
        platform = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                KEEP_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform().daemon().name("atex-worker-", 1).factory());
    }

    @Override
    public void execute(Runnable task) {
        // Counts running tasks, not threads: pooled idle threads do not matter here.
        if (busy.incrementAndGet() <= PLATFORM_THREADS) {
            platform.execute(() -> run(task));
        } else {
            virtual.newThread(() -> run(task)).start();
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } finally {
            busy.decrementAndGet();
        }
    }

    /** Ends idle threads. Running tasks continue. */
    @Override
    public void close() {
        platform.shutdown();
    }
}
