package org.atex.adhoc;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands results to the aggregator beside the tests, a few at a time. When too many wait, whoever brings more waits too.
 * Attempts of one test keep their order.
 */
final class Ingestion implements AutoCloseable {
    /** What is told of each attempt's results: no problem, or which and where they are kept. */
    @FunctionalInterface
    interface Outcome {
        void ingested(TestRecord record, String problem);
    }

    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);
    private static final int WAITING_AT_MOST = 1024;

    private final Aggregator aggregator;
    private final Outcome outcome;
    private final Semaphore room = new Semaphore(WAITING_AT_MOST);
    private final Map<String, CompletableFuture<Void>> latest = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    private long underWay;
    // Files are written here, which would hold up the carriers of virtual threads.
    private final ExecutorService workers;

    Ingestion(Aggregator aggregator, int threads, Outcome outcome) {
        this.aggregator = aggregator;
        this.outcome = outcome;
        this.workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("atex-ingest-", 1).factory());
    }

    /** An attempt's place in the order of its test. */
    record Ticket(
            TestRecord record, Artifacts artifacts, CompletableFuture<Void> before, CompletableFuture<Void> done) {}

    /** Fixes the order; never blocks. The ticket must be handed in afterwards. Not thread-safe. */
    Ticket order(TestRecord record, Artifacts artifacts) {
        count(1);
        CompletableFuture<Void> done = new CompletableFuture<>();
        CompletableFuture<Void> before = record.last() ? latest.remove(record.test()) : latest.put(record.test(), done);
        return new Ticket(record, artifacts, before == null ? CompletableFuture.completedFuture(null) : before, done);
    }

    /** Hands a ticket in; blocks while too many wait. */
    void submit(Ticket ticket) {
        boolean bounded = !ticket.artifacts().isNone();
        if (bounded) {
            room.acquireUninterruptibly();
        }
        // Nothing is waited for here: done() tells whoever comes next, and the count whoever closes.
        CompletableFuture<Void> unused = ticket.before()
                .thenRunAsync(
                        () -> {
                            try {
                                ingest(ticket.record(), ticket.artifacts());
                            } finally {
                                if (bounded) {
                                    room.release();
                                }
                                ticket.done().complete(null);
                                count(-1);
                            }
                        },
                        workers);
    }

    private void ingest(TestRecord record, Artifacts artifacts) {
        String problem = "";
        try {
            aggregator.ingest(record, artifacts);
        } catch (RuntimeException | Error e) {
            LOG.warn("results of {} could not be stored", record.test(), e);
            problem = "the results of " + record.test() + " (attempt " + record.attempt() + ") were not stored: "
                    + e.getMessage() + (artifacts.isNone() ? "" : "; they are kept in " + artifacts);
        }
        outcome.ingested(record, problem);
    }

    /** Waits until everything that has a ticket is ingested. */
    @Override
    public void close() {
        lock.lock();
        try {
            while (underWay > 0) {
                done.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        workers.shutdown();
    }

    private void count(int change) {
        lock.lock();
        try {
            underWay += change;
            done.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
