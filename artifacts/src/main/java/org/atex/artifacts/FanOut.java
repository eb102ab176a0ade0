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
import org.atex.support.Threads;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;

/**
 * Passes each result to several aggregators. A failure of one does not affect the others: all of them get every record,
 * and each is flushed and closed on a thread of its own, so that one that blocks does not delay the others.
 *
 * <p>All but the last get a copy of the artifacts, made of hard links beside them if the file system supports these.
 * The last gets the artifacts themselves, but only if no aggregator failed before: after a failure the artifacts are
 * unchanged and belong to the caller. Some aggregators have stored the results then; if they are ingested again, these
 * may refuse them as duplicates.
 *
 * <p>Lifecycle: owns its aggregators. {@link #close()} waits for running calls of {@link #ingest}, then closes all
 * aggregators in parallel. {@link #flush()} and {@link #close()} return when all aggregators have finished.
 *
 * <p>Thread safety: thread-safe, as aggregators are.
 */
public final class FanOut implements Aggregator {
    private final List<Aggregator> aggregators;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private int running; // guarded by the lock
    private boolean closed; // guarded by the lock

    private FanOut(List<Aggregator> aggregators) {
        this.aggregators = aggregators;
    }

    /**
     * {@return an aggregator that passes each result to all given aggregators, and owns them}
     *
     * @param aggregators at least one aggregator
     * @throws IllegalArgumentException if no aggregator is given
     */
    public static FanOut of(Aggregator... aggregators) {
        if (aggregators.length == 0) {
            throw new IllegalArgumentException("a fan-out needs at least one aggregator");
        }
        return new FanOut(List.of(aggregators));
    }

    /** {@return the aggregators} A run stores results with each of them separately. */
    public List<Aggregator> aggregators() {
        return aggregators;
    }

    /**
     * {@inheritDoc}
     *
     * @throws AggregationException the first exception of an aggregator, with the others suppressed
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
        // The last aggregator may move and delete the artifacts, so it must not get them while others could still fail.
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
            running++;
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            running--;
            idle.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws AggregationException the first exception of an aggregator, with the others suppressed
     */
    @Override
    public void resume() {
        all("resume", Aggregator::resume);
    }

    /** {@return the directory returned by the first aggregator that has one} */
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
     * @throws AggregationException the first exception of an aggregator, with the others suppressed
     */
    @Override
    public void flush() {
        all("flush", Aggregator::flush);
    }

    /**
     * {@inheritDoc}
     *
     * @throws AggregationException the first exception of an aggregator, with the others suppressed
     */
    @Override
    public void close() {
        awaitIdle();
        all("close", Aggregator::close);
    }

    /** Runs a step for each aggregator on a thread of its own, and waits for all. A pending interrupt stays pending. */
    private void all(String what, Consumer<Aggregator> step) {
        List<Failures> failures =
                Stream.generate(Failures::new).limit(aggregators.size()).toList();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < aggregators.size(); i++) {
            Aggregator aggregator = aggregators.get(i);
            Failures own = failures.get(i);
            threads.add(Threads.startDaemon(what + "-" + aggregator, () -> own.run(() -> step.accept(aggregator))));
        }
        try (UninterruptibleSection section = UninterruptibleSection.enter()) {
            threads.forEach(section::join);
        }
        Failures together = new Failures();
        failures.forEach(one -> together.run(one::throwFirst));
        together.throwFirst();
    }

    // Without this wait, one aggregator could be closed before it gets a record, and another after it.
    private void awaitIdle() {
        lock.lock();
        try {
            closed = true;
            while (running > 0) {
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

    /** Collects failures: the first, with the others suppressed. Not thread-safe. */
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

        // Catches Errors as well: the other aggregators must get the record. The first failure is thrown at the end.
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
                    // No failure.
                }
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                // Checked exceptions can come from other JVM languages, which do not declare them.
                default -> throw new AggregationException("an aggregator failed: " + first, first);
            }
        }
    }
}
