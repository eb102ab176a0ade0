package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.atex.api.TestRecord;
import org.atex.artifacts.Spool;
import org.atex.support.Plural;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * Stores results with one sink while tests run, in up to four calls at a time, as described in {@link Sink}. Attempts
 * of one test are stored in order. Thread-safe, except for {@link #submit}.
 */
final class Delivery {
    private record Stored(@Nullable Path files) {}

    /** Results on their way, and a future that ends when the next attempt of their test may be stored. */
    private record Entry(PendingResults results, CompletableFuture<Void> over) {}

    private static final int MAX_HANGING = 2;
    private static final int MAX_FAILED_AT_END = 3;
    private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(30);

    private final NamedSink sink;
    private final Spool spool;
    private final Guard guard;
    private final Duration limit;
    private final int maxWaiting;
    private final Map<String, CompletableFuture<Void>> latest = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition done = lock.newCondition();
    private final Condition capacity = lock.newCondition();
    private final Queue<Entry> waiting = new ArrayDeque<>(); // guarded by the lock
    private int free; // the number of further calls at a time; guarded by the lock
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

    /**
     * Creates a delivery.
     *
     * @param limit the limit of each call of the aggregator
     * @param calls the number of calls at a time
     * @param maxWaiting the number of attempts that may wait before further tests do
     */
    Delivery(NamedSink sink, Spool spool, Guard guard, Duration limit, int calls, int maxWaiting) {
        this.sink = sink;
        this.spool = spool;
        this.guard = guard;
        this.limit = limit;
        this.free = calls;
        this.maxWaiting = maxWaiting;
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
        Entry entry = new Entry(results, new CompletableFuture<>());
        CompletableFuture<Void> before =
                record.last() ? latest.remove(record.name()) : latest.put(record.name(), entry.over());
        if (before == null) {
            enqueue(entry);
        } else {
            // Nothing waits for this future: the end of the earlier attempt completes it, and the count wakes close().
            CompletableFuture<Void> unused = before.thenRun(() -> enqueue(entry));
        }
    }

    private void enqueue(Entry entry) {
        boolean isFree;
        lock.lock();
        try {
            isFree = free > 0;
            if (isFree) {
                free--;
            } else {
                waiting.add(entry);
            }
        } finally {
            lock.unlock();
        }
        if (isFree && whyGivenUp().isEmpty()) {
            deliver(entry);
        } else if (isFree) {
            Thread unused = Threads.startDaemon("ingest", () -> deliver(entry)); // it writes files
        }
    }

    /** Starts to store an attempt, or the next one that can be stored. Its end starts the next one. */
    private void deliver(Entry first) {
        for (@Nullable Entry entry = first; entry != null; entry = next()) {
            if (!waitsForEarlierAttempt(entry.results) && !isGivenUp(entry.results)) {
                call(entry, 1, FIRST_DELAY);
                return;
            }
            end(entry);
        }
    }

    /** {@return the next waiting attempt; if there is none, null, and the place of the caller is free} */
    private @Nullable Entry next() {
        lock.lock();
        try {
            Entry next = waiting.poll();
            if (next == null) {
                free++;
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    private void end(Entry entry) {
        entry.over.complete(null);
        count(-1);
    }

    private void call(Entry entry, int tries, Duration delay) {
        guard.start(
                Guard.Phase.STORE,
                what(entry.results),
                limit,
                () -> store(entry.results),
                result -> {
                    if (result instanceof Guard.Result.Done) {
                        called(entry, result, tries, delay);
                    } else {
                        // It may wait before the next try, or write files.
                        Thread unused = Threads.startDaemon("ingest", () -> called(entry, result, tries, delay));
                    }
                },
                late -> {});
    }

    private void called(Entry entry, Guard.Result<Stored> result, int tries, Duration delay) {
        PendingResults results = entry.results;
        try {
            if (isToBeTriedAgain(results, result, tries, delay)) {
                call(entry, tries + 1, delay.compareTo(LONGEST_DELAY) < 0 ? delay.multipliedBy(2) : LONGEST_DELAY);
                return;
            }
        } catch (Throwable e) {
            guard.log().warn("the storing of " + results.record.name() + " failed", e);
            results.notStored(sink, Throwables.describe(e));
        }
        end(entry);
        Entry next = next();
        if (next != null) {
            deliver(next);
        }
    }

    private boolean isToBeTriedAgain(PendingResults results, Guard.Result<Stored> result, int tries, Duration delay) {
        if (isSettled(results, result)) {
            return false;
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
            return false;
        }
        return !isGivenUp(results);
    }

    /** Refuses the results if no call is made any more. {@return whether that is so} */
    private boolean isGivenUp(PendingResults results) {
        String why = whyGivenUp();
        if (!why.isEmpty()) {
            results.notStored(sink, why);
        }
        return !why.isEmpty();
    }

    /** {@return why no call is made any more; empty if calls are made} */
    private String whyGivenUp() {
        if (guard.isOver(Guard.Phase.STORE)) {
            return "the run was stopped before they were stored";
        }
        return hangs.get() < MAX_HANGING ? "" : "the aggregator did not return from two earlier calls in a row";
    }

    private String what(PendingResults results) {
        TestRecord record = results.record;
        return "the storing of " + record.name() + " (attempt " + record.attempt() + ")" + sink.by();
    }

    /** Handles the end of a call. {@return whether the results are stored or finally not stored} */
    private boolean isSettled(PendingResults results, Guard.Result<Stored> result) {
        if (result instanceof Guard.Result.Abandoned || result instanceof Guard.Result.Expired) {
            int unused = hangs.incrementAndGet();
        } else {
            hangs.set(0);
        }
        if (result instanceof Guard.Result.Done<Stored>(Stored stored)) {
            failing = false;
            results.stored(sink, stored.files());
            return true;
        }
        if (!isCausedBy(result, Delivery::isTemporary)) {
            results.notStored(sink, result.problem());
            return true;
        }
        failed(result.problem());
        return false;
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
        tryAgain(rest);
        return guard.run(
                Guard.Phase.FLUSH, "the completion of the report" + sink.by(), limit, sink.aggregator()::flush);
    }

    /** Makes the last try for each attempt. After a few failures in a row, the sink is assumed to be gone. */
    private void tryAgain(List<PendingResults> rest) {
        int failed = 0;
        String why = "";
        for (PendingResults results : rest) {
            if (failed >= MAX_FAILED_AT_END) {
                results.notStored(sink, why);
            } else if (!isGivenUp(results)) {
                Guard.Result<Stored> result =
                        guard.call(Guard.Phase.STORE, what(results), limit, () -> store(results), late -> {});
                if (isSettled(results, result)) {
                    failed = 0;
                } else {
                    failed++;
                    why = result.problem();
                    results.notStored(sink, why);
                }
            }
        }
    }

    private void count(int change) {
        lock.lock();
        try {
            pending += change;
            if (pending == 0) {
                done.signalAll();
            }
            if (pending >= maxWaiting) {
                full = true;
            } else if (full && pending <= maxWaiting / 2) {
                // Not at each change: thousands of tests may wait, and most would wait again.
                full = false;
                capacity.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }
}
