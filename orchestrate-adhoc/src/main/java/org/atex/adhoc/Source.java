package org.atex.adhoc;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes systems from one provisioner, on a thread of its own, for as long as some are asked for. */
final class Source implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final int number;
    private final Provisioner provisioner;
    private final Pool pool;
    private final Thread taker;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition asked = lock.newCondition();
    private int wanted;

    Source(int number, Provisioner provisioner, Pool pool) {
        this.number = number;
        this.provisioner = provisioner;
        this.pool = pool;
        this.taker = Threads.unstarted("take-" + (number + 1), this::takeAll);
    }

    void start() {
        taker.start();
    }

    void ask(int count) {
        try {
            provisioner.provision(count);
        } catch (RuntimeException e) {
            LOG.warn("provisioner {} cannot be asked", number + 1, e);
            pool.exhausted(number, "the provisioner cannot be asked: " + e.getMessage());
            return;
        }
        want(count, false);
    }

    void forget() {
        want(0, true);
        try {
            provisioner.clear();
        } catch (RuntimeException e) {
            LOG.warn("provisioner {} cannot forget what it was asked for", number + 1, e);
        }
    }

    private void want(int more, boolean fromZero) {
        lock.lock();
        try {
            wanted = Math.max(0, (fromZero ? 0 : wanted) + more);
            asked.signal();
        } finally {
            lock.unlock();
        }
    }

    private void takeAll() {
        try {
            while (true) {
                awaitWish();
                take();
            }
        } catch (InterruptedException e) {
            LOG.trace("nothing more is taken from provisioner {}", number + 1);
        }
    }

    private void awaitWish() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (wanted == 0) {
                asked.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void take() throws InterruptedException {
        Offer offer;
        try {
            offer = provisioner.take(PATIENCE);
        } catch (IllegalStateException e) {
            offer = new Offer.Exhausted("the provisioner was closed");
        } catch (RuntimeException e) {
            LOG.warn("provisioner {} failed", number + 1, e);
            offer = new Offer.Failed(new ProvisioningException("the provisioner failed: " + e, e));
        }
        switch (offer) {
            case Offer.Ready ready -> {
                want(-1, false);
                pool.offered(number, ready.remote());
            }
            case Offer.Failed failed -> {
                want(-1, false);
                pool.offerFailed(number, String.valueOf(failed.cause().getMessage()));
            }
            case Offer.Exhausted exhausted -> {
                want(0, true);
                pool.exhausted(number, exhausted.why());
            }
            case Offer.None none -> LOG.trace("provisioner {} has nothing yet", number + 1);
        }
    }

    /** Takes nothing more. What the provisioner still has is its own business. */
    @Override
    public void close() {
        taker.interrupt();
        boolean interrupted = false;
        while (true) {
            try {
                taker.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
