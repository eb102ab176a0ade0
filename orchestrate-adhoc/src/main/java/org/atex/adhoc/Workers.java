package org.atex.adhoc;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of a run on which user code runs. They are platform threads, as user code that never lets go of its thread
 * would hold a carrier of virtual threads for ever; beyond some hundreds at once they are virtual, as those are cheap.
 * Thread-safe.
 */
final class Workers implements Executor, AutoCloseable {
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

    /** Lets idle threads end. Tasks that run are left alone. */
    @Override
    public void close() {
        platform.shutdown();
    }
}
