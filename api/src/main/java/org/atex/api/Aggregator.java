package org.atex.api;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Takes results in as each test ends.
 *
 * <p>Lifecycle: ready when its factory returns it; {@link #close()} completes what it writes. After it, {@link #ingest}
 * throws {@link IllegalStateException}.
 *
 * <p>Thread safety: every method may be called from any thread. The attempts of one test come in their order.
 */
public interface Aggregator extends AutoCloseable {
    /**
     * Stores one attempt's results, all of them or nothing. When it returns, what it stored survives the end of this
     * program, and the artifacts are the aggregator's: it has moved or deleted them. When it throws, they are still the
     * caller's, untouched.
     *
     * <p>It may block on disk or network, and is not interrupted: an interrupt that is pending stays pending.
     *
     * @param record what is known of the attempt
     * @param artifacts what it left behind; {@link Artifacts#none()} for a test that never started
     * @throws AggregationException if it cannot be stored; a name that is taken, a broken results line, a full disk
     */
    void ingest(TestRecord record, Artifacts artifacts);

    /**
     * {@return the directory that holds the files of an attempt that was ingested, if there is one on this machine}
     *
     * @param record the attempt
     */
    default Optional<Path> files(TestRecord record) {
        return Optional.empty();
    }

    /**
     * Completes what was ingested for its readers, and stays open: a report in a file is whole and valid afterwards, even
     * if {@link #close()} is never called. Orchestrators call it at the end of a run. It may block on disk or network, and
     * may be called from any thread, beside {@link #ingest}.
     *
     * @throws AggregationException if it cannot be completed; what was ingested is kept all the same
     */
    default void flush() {}

    /**
     * Completes and closes what is written. Idempotent.
     *
     * @throws AggregationException if it cannot be completed; what was ingested is kept all the same
     */
    @Override
    void close();
}
