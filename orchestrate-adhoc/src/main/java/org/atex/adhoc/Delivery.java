package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.atex.api.TestRecord;
import org.atex.artifacts.Spool;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Stores results with one sink while tests run, on up to four threads, as described in {@link Sink}. Attempts of one
 * test are stored in order. Thread-safe, except for {@link #submit}.
 */
final class Delivery {
    private record Stored(@Nullable Path files) {}

    private static final int MAX_WAITING = 1024;
    private static final int MAX_HANGING = 2;
    private static final int MAX_FAILED_AT_END = 3;
    private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(30);

    private final NamedSink sink;
    private final Spool spool;
    private final Guard guard;
    private final Duration limit;
    private final Map<String, CompletableFuture<Void>> latest = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    private final Condition capacity = lock.newCondition();
    private long pending; // guarded by the lock
    private boolean full; // guarded by the lock
    private boolean closing; // guarded by the lock
    /** Results that are stored at the end of the run, if that is possible then. Guarded by the lock. */
    private final List<PendingResults> later = new ArrayList<>();
    /** The tests of these results, whose further attempts must not be stored before. Guarded by the lock. */
    private final Set<String> testsOfLater = new HashSet<>();

    private long failures; // guarded by the lock
    private String firstFailure = ""; // guarded by the lock
    private volatile boolean failing;
    private final AtomicInteger hangs = new AtomicInteger();
    // Platform threads: file I/O would block the carriers of virtual threads.
    private final ExecutorService workers;

    Delivery(NamedSink sink, Spool spool, Guard guard, Duration limit, int threads) {
        this.sink = sink;
        this.spool = spool;
        this.guard = guard;
        this.limit = limit;
        this.workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("atex-ingest-", 1).factory());
    }

    boolean isFull() {
        lock.lock();
        try {
            return full;
        } finally {
            lock.unlock();
        }
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
    void submit(PendingResults results) {
        count(1);
        TestRecord record = results.record;
        CompletableFuture<Void> ingested = new CompletableFuture<>();
        CompletableFuture<Void> before =
                record.last() ? latest.remove(record.name()) : latest.put(record.name(), ingested);
        // Nothing waits for this future: 'ingested' starts the next attempt of the test, and the count wakes close().
        CompletableFuture<Void> unused = (before == null ? CompletableFuture.<Void>completedFuture(null) : before)
                .thenRunAsync(
                        () -> {
                            try {
                                deliver(results);
                            } catch (Throwable e) {
                                guard.log().warn("the storing of " + record.name() + " failed", e);
                                results.notStored(sink, Throwables.describe(e));
                            } finally {
                                ingested.complete(null);
                                count(-1);
                            }
                        },
                        workers);
    }

    private void deliver(PendingResults results) {
        if (waitsForEarlierAttempt(results)) {
            return;
        }
        Duration delay = FIRST_DELAY;
        for (int tries = 1; ; tries++) {
            Guard.Result<Stored> result = callOnce(results);
            if (result == null) {
                return;
            }
            // A full disk pauses the run, which waits for space anyway. Servers say the same of theirs.
            boolean diskFull = isCausedBy(result, DiskFull::isCauseOf)
                    && !AttemptTask.whyNoSpace(spool).isEmpty();
            if (isClosingOr(!diskFull && (failing || tries >= sink.maxAttempts()), delay)) {
                failing = true;
                guard.log()
                        .warn("the results of " + results.record.name() + " are not stored" + sink.by() + " yet: "
                                + result.problem());
                putOff(results);
                return;
            }
            delay = delay.compareTo(LONGEST_DELAY) < 0 ? delay.multipliedBy(2) : LONGEST_DELAY;
        }
    }

    /**
     * Calls the aggregator once.
     *
     * @return the failure if another call may succeed; null if the results are stored or finally not stored
     */
    private Guard.@Nullable Result<Stored> callOnce(PendingResults results) {
        TestRecord record = results.record;
        if (guard.isOver(Guard.Phase.STORE)) {
            results.notStored(sink, "the run was stopped before they were stored");
            return null;
        }
        if (hangs.get() >= MAX_HANGING) {
            results.notStored(sink, "the aggregator did not return from two earlier calls in a row");
            return null;
        }
        Guard.Result<Stored> result = guard.call(
                Guard.Phase.STORE,
                "the storing of " + record.name() + " (attempt " + record.attempt() + ")" + sink.by(),
                limit,
                () -> store(results),
                late -> {});
        if (result instanceof Guard.Result.Abandoned || result instanceof Guard.Result.Expired) {
            int unused = hangs.incrementAndGet();
        } else {
            hangs.set(0);
        }
        if (result instanceof Guard.Result.Done<Stored>(Stored stored)) {
            failing = false;
            results.stored(sink, stored.files());
            return null;
        }
        if (!isCausedBy(result, Delivery::isTemporary)) {
            results.notStored(sink, result.problem());
            return null;
        }
        failed(result.problem());
        return result;
    }

    private void failed(String why) {
        lock.lock();
        try {
            failures++;
            firstFailure = failures == 1 ? why : firstFailure;
        } finally {
            lock.unlock();
        }
    }

    /** {@return what to tell about failures after which another call was made; empty if there were none} */
    String failures() {
        lock.lock();
        try {
            return failures == 0
                    ? ""
                    : "storing results" + sink.by() + " failed " + Plural.of(failures, "time")
                            + " and was tried again; the first reason: " + firstFailure;
        } finally {
            lock.unlock();
        }
    }

    private Stored store(PendingResults results) {
        results.ingestInto(sink);
        try {
            return new Stored(sink.aggregator().files(results.record).orElse(null));
        } catch (RuntimeException | Error e) {
            // The results are stored; only their location is unknown.
            guard.log()
                    .warn("the aggregator failed to return the location of the files of " + results.record.name(), e);
            return new Stored(null);
        }
    }

    private static boolean isCausedBy(Guard.Result<Stored> result, Predicate<Throwable> kind) {
        return result instanceof Guard.Result.Threw<Stored>(Throwable cause, String message) && kind.test(cause);
    }

    private static boolean isTemporary(Throwable e) {
        return Throwables.anyCause(e, IOException.class::isInstance);
    }

    private boolean waitsForEarlierAttempt(PendingResults results) {
        lock.lock();
        try {
            if (!testsOfLater.contains(results.record.name())) {
                return false;
            }
            later.add(results);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void putOff(PendingResults results) {
        lock.lock();
        try {
            later.add(results);
            testsOfLater.add(results.record.name());
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the next try; returns true at once if there is no other try before the run closes. */
    private boolean isClosingOr(boolean over, Duration delay) {
        lock.lock();
        try {
            if (closing || over) {
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

    /**
     * Waits until all submitted attempts are stored or given up, then completes the report of the aggregator; returns
     * the problem.
     */
    String close() {
        List<PendingResults> rest;
        lock.lock();
        try {
            closing = true;
            done.signalAll();
            while (pending > 0) {
                done.awaitUninterruptibly();
            }
            rest = List.copyOf(later);
        } finally {
            lock.unlock();
        }
        workers.shutdown();
        tryAgain(rest);
        return guard.run(
                Guard.Phase.FLUSH, "the completion of the report" + sink.by(), limit, sink.aggregator()::flush);
    }

    /** Makes the last try for each attempt. After a few failures in a row, the sink is assumed to be gone. */
    private void tryAgain(List<PendingResults> rest) {
        int failed = 0;
        String why = "";
        for (PendingResults results : rest) {
            if (failed < MAX_FAILED_AT_END) {
                Guard.Result<Stored> failure = callOnce(results);
                failed = failure == null ? 0 : failed + 1;
                if (failure == null) {
                    continue;
                }
                why = failure.problem();
            }
            results.notStored(sink, why);
        }
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
