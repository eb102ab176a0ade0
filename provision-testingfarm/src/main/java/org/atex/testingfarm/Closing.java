package org.atex.testingfarm;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives back everything of a provisioner and follows it until it is over: when that is closed, or when the program ends before.
 *
 * <p>Lifecycle: there is a shutdown hook from its making until all is given back. Thread-safe.
 */
final class Closing implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);

    /** For what does not wait for the service: threads to end, connections to close. */
    private static final Duration OWN = Duration.ofMinutes(1);

    /** Who ends a program does not want to wait for long. The service cancels what it was asked to, seen or not. */
    private static final Duration SHUTDOWN = Duration.ofSeconds(20);

    private final Run run;
    private final Machines machines;
    private final Duration patience;
    private final ReentrantLock lock = new ReentrantLock();
    private final Thread closer;
    private final ShutdownHook hook;

    Closing(Run run, Machines machines) {
        this.run = run;
        this.machines = machines;
        this.patience =
                run.settings.cancelWithin().plus(run.settings.pollEvery().multipliedBy(2));
        this.closer = Threads.unstarted("close-farm", this::giveBackAll);
        this.hook = ShutdownHook.register("atex-farm-shutdown", this::shutDown);
    }

    /** Waits until it is done. It takes a thread of its own, so that an interrupt does not cut it short. */
    @Override
    public void close() {
        begin();
        Threads.join(List.of(closer), patience.plus(OWN));
    }

    /** Whoever else closes finds it begun. */
    private void begin() {
        lock.lock();
        try {
            if (machines.refuse()) {
                closer.start();
            }
        } finally {
            lock.unlock();
        }
    }

    private void giveBackAll() {
        machines.clear();
        List<Thread> closing = machines.taken().stream()
                .map(remote -> Threads.start("give-back-" + remote, remote::close))
                .toList();
        Threads.join(closing, OWN);
        machines.awaitNone(patience);
        if (machines.isUnclear()) {
            cancelUnheard();
            machines.awaitNone(patience);
        }
        leaveTheRest();
        machines.end();
        // Who is still logging in may be writing down the guest's key.
        Threads.join(machines.leaving(), OWN);
        run.close();
        hook.close();
    }

    /** An answer was lost once: there may be a request of ours whose id we never heard. */
    private void cancelUnheard() {
        try {
            for (FarmRequest request :
                    LeftoverRequests.of(run.api, run.settings.run()).list()) {
                if (request.state().isAlive()) {
                    LOG.info("cancelling {}, of which we never heard", request.id());
                    machines.cancel(request);
                }
            }
        } catch (TestingFarmException e) {
            LOG.error(
                    "there may be a request that nobody knows of, with the tag {}={}: {}",
                    NewRequest.RUN_TAG,
                    run.settings.run(),
                    e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void leaveTheRest() {
        machines.alive().forEach(booking -> booking.leave(SHUTDOWN, "the program ends"));
    }

    /** The program ends: what can be done in a moment is done. */
    private void shutDown() {
        begin();
        if (!Threads.join(List.of(closer), SHUTDOWN)) {
            leaveTheRest();
        }
    }
}
