package org.atex.testingfarm;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.support.Threads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases all machines of a provisioner and waits until their requests are over: when the provisioner is closed, or
 * when the program ends before that.
 *
 * <p>Lifecycle: registers a shutdown hook when it is created, and removes it after everything was released.
 * Thread-safe.
 */
final class ProvisionerShutdown implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** The time limit for steps that do not wait for the service: ending threads and closing connections. */
    private static final Duration LOCAL_TIMEOUT = Duration.ofMinutes(1);

    /**
     * The time limit of the shutdown hook, since the end of a program must not take long. The service cancels the
     * requests even if this program does not see it.
     */
    private static final Duration HOOK_TIMEOUT = Duration.ofSeconds(20);

    private final RunContext run;
    private final MachinePool pool;
    private final Duration cancelTimeout;
    private final ReentrantLock lock = new ReentrantLock();
    private final Thread releaser;
    private final ShutdownHook hook;

    ProvisionerShutdown(RunContext run, MachinePool pool) {
        this.run = run;
        this.pool = pool;
        this.cancelTimeout =
                run.settings.cancelWithin().plus(run.settings.pollEvery().multipliedBy(2));
        this.releaser = Threads.unstarted("close-farm", this::releaseAll);
        this.hook = ShutdownHook.register("atex-farm-shutdown", this::shutDown);
    }

    /** Waits until all is released. A separate thread does the work, so that an interrupt does not stop it. */
    @Override
    public void close() {
        start();
        Threads.join(List.of(releaser), cancelTimeout.plus(LOCAL_TIMEOUT));
    }

    /** Starts the thread once, also if several threads close the provisioner. */
    private void start() {
        lock.lock();
        try {
            if (pool.beginClosing()) {
                releaser.start();
            }
        } finally {
            lock.unlock();
        }
    }

    private void releaseAll() {
        pool.clear();
        List<Thread> closing = pool.taken().stream()
                .map(remote -> Threads.start("release-" + remote, remote::close))
                .toList();
        Threads.join(closing, LOCAL_TIMEOUT);
        pool.awaitAllOver(cancelTimeout);
        if (pool.mayHaveLostRequest()) {
            cancelLostRequests();
            pool.awaitAllOver(cancelTimeout);
        }
        giveUpRemaining();
        pool.stopPolling();
        // A login that was abandoned may still write the guest's host key into the directory that is deleted next.
        Threads.join(pool.abandonedThreads(), LOCAL_TIMEOUT);
        run.close();
        hook.close();
    }

    /**
     * Cancels requests with unknown ids, since their submission got no response. They are found by the tag of
     * the run.
     */
    private void cancelLostRequests() {
        try {
            for (FarmRequest request :
                    LeftoverRequests.of(run.api, run.settings.run()).list()) {
                if (request.state().isAlive()) {
                    LOG.info("cancelling {}; the response to its submission was lost", request.id());
                    pool.cancel(request);
                }
            }
        } catch (TestingFarmException e) {
            LOG.error(
                    "there may be an unknown request with the tag {}={}, to be cancelled with LeftoverRequests: {}",
                    NewRequest.RUN_TAG,
                    run.settings.run(),
                    e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void giveUpRemaining() {
        pool.unfinished().forEach(reservation -> reservation.giveUp(HOOK_TIMEOUT, "the program is ending"));
    }

    /** Runs in the shutdown hook: releases the machines as far as the time limit allows. */
    private void shutDown() {
        start();
        if (!Threads.join(List.of(releaser), HOOK_TIMEOUT)) {
            giveUpRemaining();
        }
    }
}
