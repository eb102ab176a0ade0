package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * Gives every result to several aggregators. One that fails hinders none of the others: each gets every record, and each is
 * flushed and closed, on a thread of its own, so that one that blocks does not keep the others from it.
 *
 * <p>All but the last get a copy of the artifacts, made beside them of hard links where the file system can. The last gets
 * the artifacts themselves, but only if none failed before it: after any failure they are the caller's, untouched. Then
 * some of the aggregators have stored the results all the same; given again, those may refuse them as taken.
 *
 * <p>Lifecycle: it closes its aggregators, all at once, when no results are under way to some of them; {@link #flush()} and
 * {@link #close()} return when the last of them has.
 *
 * <p>Thread safety: every method may be called from any thread, as with the aggregators themselves.
 */
public final class FanOut implements Aggregator {
    private final List<Aggregator> aggregators;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private int underWay; // guarded by the lock
    private boolean closed; // guarded by the lock

    private FanOut(List<Aggregator> aggregators) {
        this.aggregators = aggregators;
    }

    /**
     * {@return one that gives to all of these; they are its own from now on}
     *
     * @param aggregators at least one
     */
    public static FanOut of(Aggregator... aggregators) {
        if (aggregators.length == 0) {
            throw new IllegalArgumentException("a fan-out needs an aggregator: results would be lost");
        }
        return new FanOut(List.of(aggregators));
    }

    /**
     * {@inheritDoc}
     *
     * @throws AggregationException the first that an aggregator threw, the others suppressed in it
     */
    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        begin(record);
        try {
            ingestIntoAll(record, artifacts);
        } finally {
            end();
        }
    }

    private void ingestIntoAll(TestRecord record, Artifacts artifacts) {
        Failures failures = new Failures();
        int last = aggregators.size() - 1;
        for (Aggregator aggregator : aggregators.subList(0, last)) {
            failures.run(() -> ingestCopy(aggregator, record, artifacts));
        }
        failures.run(() -> {
            if (failures.isEmpty()) {
                aggregators.get(last).ingest(record, artifacts);
            } else {
                ingestCopy(aggregators.get(last), record, artifacts);
            }
        });
        failures.throwFirst();
    }

    private void begin(TestRecord record) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("could not store the results of " + record.name() + " on "
                        + record.platform() + ": the fan-out is closed");
            }
            underWay++;
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            underWay--;
            idle.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** {@return the directory that the first of the aggregators that knows it says} */
    @Override
    public Optional<Path> files(TestRecord record) {
        Failures failures = new Failures();
        for (Aggregator aggregator : aggregators) {
            Optional<Path> files = failures.get(() -> aggregator.files(record), Optional.empty());
            if (files.isPresent()) {
                return files;
            }
        }
        failures.throwFirst();
        return Optional.empty();
    }

    /**
     * {@inheritDoc}
     *
     * @throws AggregationException the first that an aggregator threw, the others suppressed in it
     */
    @Override
    public void flush() {
        all("flush", Aggregator::flush);
    }

    /**
     * {@inheritDoc}
     *
     * @throws AggregationException the first that an aggregator threw, the others suppressed in it
     */
    @Override
    public void close() {
        awaitIdle();
        all("close", Aggregator::close);
    }

    /** Each on a thread of its own; a pending interrupt stays pending. */
    private void all(String what, Consumer<Aggregator> step) {
        List<Failures> failures =
                Stream.generate(Failures::new).limit(aggregators.size()).toList();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < aggregators.size(); i++) {
            Aggregator aggregator = aggregators.get(i);
            Failures own = failures.get(i);
            threads.add(Thread.ofPlatform()
                    .daemon()
                    .name(what + " " + aggregator)
                    .start(() -> own.run(() -> step.accept(aggregator))));
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            interrupted |= !isJoined(thread);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Failures together = new Failures();
        failures.forEach(one -> together.run(one::throwFirst));
        together.throwFirst();
    }

    /** {@return whether that went without an interrupt; it has ended in any case} */
    private static boolean isJoined(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return !interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    /** Else one aggregator might have been closed before some results came, and another after it. */
    private void awaitIdle() {
        lock.lock();
        try {
            closed = true;
            while (underWay > 0) {
                idle.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private static void ingestCopy(Aggregator aggregator, TestRecord record, Artifacts artifacts) {
        if (artifacts.isNone()) {
            aggregator.ingest(record, artifacts);
            return;
        }
        try (LinkedCopy copy = LinkedCopy.of(artifacts)) {
            aggregator.ingest(record, copy.artifacts());
        } catch (IOException e) {
            throw new AggregationException(
                    "could not copy " + artifacts + " of " + record.name() + " on " + record.platform() + " for "
                            + aggregator + ": " + e.getMessage(),
                    e);
        }
    }

    /** The first failure, with the rest suppressed in it. For one thread at a time. */
    private static final class Failures {
        private @Nullable Throwable first;

        void run(Runnable step) {
            get(
                    () -> {
                        step.run();
                        return true;
                    },
                    false);
        }

        // An Error of one aggregator is no reason why another should get nothing; it is thrown in the end.
        <T> T get(Supplier<T> step, T otherwise) {
            try {
                return step.get();
            } catch (Throwable e) {
                if (first == null) {
                    first = e;
                } else if (!first.equals(e)) {
                    first.addSuppressed(e);
                }
                return otherwise;
            }
        }

        boolean isEmpty() {
            return first == null;
        }

        void throwFirst() {
            switch (first) {
                case null -> {
                    // All is well.
                }
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                // Some languages need not declare what they throw.
                default -> throw new AggregationException("an aggregator failed: " + first, first);
            }
        }
    }
}
