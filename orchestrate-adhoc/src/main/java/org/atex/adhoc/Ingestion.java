package org.atex.adhoc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * Hands results to the aggregator beside the tests, a few at a time. When too many wait, no more tests start. Attempts of
 * one test keep their order.
 */
final class Ingestion {
    /** What is told of each attempt's results: why they are not stored, or an empty reason and perhaps where they are. */
    @FunctionalInterface
    interface Outcome {
        void ingested(TestRecord record, Artifacts artifacts, String problem, @Nullable Path files);
    }

    private record Stored(@Nullable Path files) {}

    private static final int WAITING_AT_MOST = 1024;
    private static final int HANGING_AT_MOST = 2;
    private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(30);

    private final Aggregator aggregator;
    private final Guard guard;
    private final Duration limit;
    private final Outcome outcome;
    private final Map<String, CompletableFuture<Void>> latest = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    private long underWay; // guarded by the lock
    private boolean closing; // guarded by the lock
    private final AtomicInteger hangs = new AtomicInteger();
    // Files are written here, which would hold up the carriers of virtual threads.
    private final ExecutorService workers;

    Ingestion(Aggregator aggregator, Guard guard, Duration limit, int threads, Outcome outcome) {
        this.aggregator = aggregator;
        this.guard = guard;
        this.limit = limit;
        this.outcome = outcome;
        this.workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("atex-ingest-", 1).factory());
    }

    /** Waits while too much waits to be ingested. */
    void awaitRoom() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (underWay >= WAITING_AT_MOST) {
                done.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Hands an attempt in; never blocks. Attempts of one test must be handed in in their order, by one thread at a time. */
    void submit(TestRecord record, Artifacts artifacts) {
        count(1);
        CompletableFuture<Void> ingested = new CompletableFuture<>();
        CompletableFuture<Void> before =
                record.last() ? latest.remove(record.name()) : latest.put(record.name(), ingested);
        // Nothing is waited for here: the future tells the test's next attempt, and the count whoever closes.
        CompletableFuture<Void> unused = (before == null ? CompletableFuture.<Void>completedFuture(null) : before)
                .thenRunAsync(
                        () -> {
                            try {
                                ingest(record, artifacts);
                            } finally {
                                ingested.complete(null);
                                count(-1);
                            }
                        },
                        workers);
    }

    private void ingest(TestRecord record, Artifacts artifacts) {
        Duration delay = FIRST_DELAY;
        while (true) {
            if (guard.isOver(Guard.Phase.STORE)) {
                outcome.ingested(record, artifacts, "the run was stopped before", null);
                return;
            }
            if (hangs.get() >= HANGING_AT_MOST) {
                outcome.ingested(record, artifacts, "the aggregator did not return from earlier calls", null);
                return;
            }
            Guard.Result<Stored> result = guard.call(
                    Guard.Phase.STORE,
                    "the storing of " + record.name() + " (attempt " + record.attempt() + ")",
                    limit,
                    () -> store(record, artifacts),
                    late -> {});
            hangs.set(result instanceof Guard.Result.Abandoned ? hangs.get() + 1 : 0);
            if (result instanceof Guard.Result.Done<Stored>(Stored stored)) {
                outcome.ingested(record, artifacts, "", stored.files());
                return;
            }
            if (!isForLackOfRoom(result) || isClosingWithin(delay)) {
                outcome.ingested(record, artifacts, result.problem(), null);
                return;
            }
            delay = delay.compareTo(LONGEST_DELAY) < 0 ? delay.multipliedBy(2) : delay;
        }
    }

    /** A disk that is full may have room again: what cannot be stored for that reason is tried again. */
    private static boolean isForLackOfRoom(Guard.Result<Stored> result) {
        return result instanceof Guard.Result.Threw<Stored>(Throwable cause, String words) && LackOfRoom.causes(cause);
    }

    /** Waits for the next try, but not for longer than the run; there is one more try at its end. */
    private boolean isClosingWithin(Duration delay) {
        lock.lock();
        try {
            if (closing) {
                return true;
            }
            long left = delay.toNanos();
            while (!closing && left > 0) {
                left = done.awaitNanos(left);
            }
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private Stored store(TestRecord record, Artifacts artifacts) {
        aggregator.ingest(record, artifacts);
        try {
            return new Stored(aggregator.files(record).orElse(null));
        } catch (RuntimeException | Error e) {
            // It is stored all the same.
            guard.log().warn("the aggregator does not know where it put the files of " + record.name(), e);
            return new Stored(null);
        }
    }

    /** Waits until everything that was handed in is ingested or given up, and completes the aggregator's reports. */
    String close() {
        lock.lock();
        try {
            closing = true;
            done.signalAll();
            while (underWay > 0) {
                done.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        workers.shutdown();
        return guard.run(Guard.Phase.FLUSH, "the completion of the reports", limit, aggregator::flush);
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
