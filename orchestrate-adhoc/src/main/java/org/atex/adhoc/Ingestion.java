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
 * Stores results with the aggregator while tests run, on up to four threads. When 1,024 attempts wait to be stored, no
 * test starts until half of them are. Attempts of one test are stored in order. Thread-safe, except for {@link #submit}.
 */
final class Ingestion {
    /**
     * Receives the result of storing one attempt: an empty problem and the files, if known, or the reason why it was
     * not stored.
     */
    @FunctionalInterface
    interface Listener {
        void ingested(TestRecord record, Artifacts artifacts, String problem, @Nullable Path files);
    }

    private record Stored(@Nullable Path files) {}

    private static final int MAX_WAITING = 1024;
    private static final int MAX_HANGING = 2;
    private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(30);

    private final Aggregator aggregator;
    private final Guard guard;
    private final Duration limit;
    private final Listener listener;
    private final Map<String, CompletableFuture<Void>> latest = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    private final Condition capacity = lock.newCondition();
    private long pending; // guarded by the lock
    private boolean full; // guarded by the lock
    private boolean closing; // guarded by the lock
    private final AtomicInteger hangs = new AtomicInteger();
    // Platform threads: file I/O would block the carriers of virtual threads.
    private final ExecutorService workers;

    Ingestion(Aggregator aggregator, Guard guard, Duration limit, int threads, Listener listener) {
        this.aggregator = aggregator;
        this.guard = guard;
        this.limit = limit;
        this.listener = listener;
        this.workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("atex-ingest-", 1).factory());
    }

    /** Blocks while too many attempts wait to be stored. */
    void awaitCapacity() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (full) {
                capacity.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Submits an attempt for storing; never blocks. Attempts of one test must be submitted in order, by one thread at
     * a time.
     */
    void submit(TestRecord record, Artifacts artifacts) {
        count(1);
        CompletableFuture<Void> ingested = new CompletableFuture<>();
        CompletableFuture<Void> before =
                record.last() ? latest.remove(record.name()) : latest.put(record.name(), ingested);
        // Nothing waits for this future: 'ingested' starts the next attempt of the test, and the count wakes close().
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
                listener.ingested(record, artifacts, "the run was stopped before they were stored", null);
                return;
            }
            if (hangs.get() >= MAX_HANGING) {
                listener.ingested(
                        record, artifacts, "the aggregator did not return from two earlier calls in a row", null);
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
                listener.ingested(record, artifacts, "", stored.files());
                return;
            }
            if (!isDiskFull(result) || isClosingWithin(delay)) {
                listener.ingested(record, artifacts, result.problem(), null);
                return;
            }
            delay = delay.compareTo(LONGEST_DELAY) < 0 ? delay.multipliedBy(2) : delay;
        }
    }

    /** Returns whether the disk was full. Storing is retried then, as space may be freed. */
    private static boolean isDiskFull(Guard.Result<Stored> result) {
        return result instanceof Guard.Result.Threw<Stored>(Throwable cause, String message)
                && DiskFull.isCauseOf(cause);
    }

    /**
     * Waits until the next attempt to store, or until the run closes, which allows one last attempt; returns true if
     * the last attempt was made.
     */
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
            // The results are stored; only their location is unknown.
            guard.log().warn("the aggregator failed to return the location of the files of " + record.name(), e);
            return new Stored(null);
        }
    }

    /**
     * Waits until all submitted attempts are stored or given up, then completes the aggregator's reports; returns the
     * problem.
     */
    String close() {
        lock.lock();
        try {
            closing = true;
            done.signalAll();
            while (pending > 0) {
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
            pending += change;
            if (pending == 0) {
                done.signalAll();
            }
            if (pending >= MAX_WAITING) {
                full = true;
            } else if (full && pending <= MAX_WAITING / 2) {
                // Not at each change: thousands of tests may wait, and most would wait again.
                full = false;
                capacity.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }
}
