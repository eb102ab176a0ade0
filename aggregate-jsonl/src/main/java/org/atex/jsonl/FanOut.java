package org.atex.jsonl;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * Gives every result to several aggregators. One that fails hinders none of the others: each gets every record.
 *
 * <p>All but the last get a copy of the artifacts, made beside them of hard links where the file system can. The last gets
 * the artifacts themselves, but only if none failed before it: after any failure they are the caller's, untouched. Then
 * some of the aggregators have stored the results all the same; given again, those may refuse them as taken.
 *
 * <p>Lifecycle: it closes its aggregators, in their order, when no results are under way to some of them.
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
                throw new IllegalStateException("could not store the results of " + record.test() + " on "
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

    @Override
    public void close() {
        awaitIdle();
        Failures failures = new Failures();
        aggregators.forEach(aggregator -> failures.run(aggregator::close));
        failures.throwFirst();
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
                    "could not copy " + artifacts + " of " + record.test() + " on " + record.platform() + " for "
                            + aggregator + ": " + e.getMessage(),
                    e);
        }
    }

    /** The first failure, with the rest suppressed in it. */
    private static final class Failures {
        private @Nullable RuntimeException first;

        void run(Runnable step) {
            try {
                step.run();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else if (!first.equals(e)) {
                    first.addSuppressed(e);
                }
            }
        }

        boolean isEmpty() {
            return first == null;
        }

        void throwFirst() {
            if (first != null) {
                throw first;
            }
        }
    }
}
