package org.atex.podman;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Creates the thread pools of connections. */
final class PipeThreads {
    private static final long IDLE_SECONDS = 1;

    private PipeThreads() {}

    /**
     * {@return an unbounded pool of platform threads that end after 1 s without work; after a shutdown, tasks run in
     * the submitting thread}
     */
    static ThreadPoolExecutor newPool() {
        return new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                // Platform threads: a virtual thread that reads from a pipe blocks its carrier thread.
                Thread.ofPlatform().daemon().name("atex-podman-pipe-", 1).factory(),
                (task, pool) -> task.run());
    }
}
