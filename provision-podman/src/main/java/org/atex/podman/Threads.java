package org.atex.podman;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Makes the threads of connections. */
final class Threads {
    private static final long IDLE_SECONDS = 1;

    private Threads() {}

    /** {@return as many platform threads as there is to wait for; what they do after a shutdown is done by whoever asks} */
    static ThreadPoolExecutor forPipes() {
        return new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform().daemon().name("atex-podman-pipe-", 1).factory(),
                (task, pool) -> task.run());
    }
}
