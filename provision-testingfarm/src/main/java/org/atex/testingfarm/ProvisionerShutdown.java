package org.atex.testingfarm;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atex.api.Provisioner;
import org.atex.support.Threads;

/**
 * Releases all machines of a provisioner and waits until their requests are over: when the provisioner is closed, or
 * when the program ends before that.
 *
 * <p>Lifecycle: registers a shutdown hook when it is created, and removes it after everything was released.
 * Thread-safe.
 */
final class ProvisionerShutdown implements AutoCloseable {
    /**
     * The time limit of the shutdown hook, since the end of a program must not take long. The service cancels the
     * requests even if this program does not see it.
     */
    private static final Duration HOOK_TIMEOUT = Duration.ofSeconds(20);

    private final Provisioner machines;
    private final Reservations reservations;
    private final AtomicBoolean started = new AtomicBoolean();
    private final Thread releaser;
    private final ShutdownHook hook;

    ProvisionerShutdown(Provisioner machines, Reservations reservations) {
        this.machines = machines;
        this.reservations = reservations;
        this.releaser = Threads.unstarted("close-farm", this::releaseAll);
        this.hook = ShutdownHook.register("atex-farm-shutdown", this::shutDown);
    }

    /** Waits until all is released. A separate thread does the work, so that an interrupt does not stop it. */
    @Override
    public void close() {
        start();
        Threads.join(List.of(releaser), reservations.closeWithin());
    }

    /** Starts the thread once, also if several threads close the provisioner. */
    private void start() {
        if (started.compareAndSet(false, true)) {
            releaser.start();
        }
    }

    private void releaseAll() {
        machines.close();
        reservations.close();
        hook.close();
    }

    /** Runs in the shutdown hook: releases the machines as far as the time limit allows. */
    private void shutDown() {
        start();
        if (!Threads.join(List.of(releaser), HOOK_TIMEOUT)) {
            reservations.giveUp(HOOK_TIMEOUT);
        }
    }
}
