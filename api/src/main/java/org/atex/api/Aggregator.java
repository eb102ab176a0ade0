package org.atex.api;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Stores the results of a run, one attempt at a test at a time.
 *
 * <p>A program opens an aggregator on a report, such as a JSON Lines file, and hands it to an {@link Orchestrator}. The
 * orchestrator calls {@link #ingest} as soon as an attempt ends.
 *
 * <p>Lifecycle: an aggregator is open when its factory method returns it. {@link #flush()} makes the report complete
 * and readable without closing it. {@link #close()} completes the report and ends the aggregator: afterwards {@link
 * #ingest} throws {@link IllegalStateException}.
 *
 * <p>Thread safety: every method may be called from any thread. The caller ingests the attempts of one test in the
 * order in which they ran.
 *
 * <p>Any program may implement this interface. {@code AggregatorContract} in the testkit checks an implementation.
 */
public interface Aggregator extends AutoCloseable {
    /**
     * Stores the results and files of one attempt, completely or not at all. When this method returns, the stored data
     * survives a crash of this program, and the aggregator owns the artifacts: their directory has been moved or
     * deleted. When it throws, the artifacts still belong to the caller and are unchanged.
     *
     * <p>The files may be hard links that other aggregators use, too: they may be moved, copied and deleted, but must not
     * be changed.
     *
     * <p>This method may block on disk or network. It does not react to an interrupt; a pending interrupt stays
     * pending.
     *
     * @param record the attempt: test, end, times and system
     * @param artifacts the directory that the attempt left; {@link Artifacts#none()} for a test that never started
     * @throws AggregationException if the attempt cannot be stored, for example because the name is taken, a line of
     *     its results is malformed, or the disk is full; with an {@link java.io.IOException} among its causes if it may
     *     be stored later
     * @throws IllegalStateException if this aggregator is closed
     */
    void ingest(TestRecord record, Artifacts artifacts);

    /**
     * Goes on with the run that this report contains and that was not closed, because its program was killed. Called
     * before the first {@link #ingest}, if at all. From then on, an attempt that the killed program has stored already is
     * stored only once: ingesting it again deletes its artifacts and has no other effect. Further attempts follow those
     * in the report.
     *
     * <p>By default, nothing happens, so that an attempt may be stored twice if the program was killed at that moment.
     *
     * @throws AggregationException if the report cannot be read
     * @throws IllegalStateException if this aggregator is closed
     */
    default void resume() {}

    /**
     * {@return the directory that holds the files of an ingested attempt; empty if the attempt was not ingested or its
     * files are not on this machine}
     *
     * @param record the attempt
     */
    default Optional<Path> files(TestRecord record) {
        return Optional.empty();
    }

    /**
     * Completes the report for its readers and leaves it open: afterwards a report in a file is complete and valid,
     * even if {@link #close()} is never called. Orchestrators call this method at the end of a run.
     *
     * <p>It may block on disk or network, and may run at the same time as {@link #ingest}. After {@link #close()} it
     * does nothing.
     *
     * @throws AggregationException if the report cannot be completed; the ingested attempts are kept
     */
    default void flush() {}

    /**
     * Completes the report and closes it. Calling this method again has no effect.
     *
     * @throws AggregationException if the report cannot be completed; the ingested attempts are kept
     */
    @Override
    void close();
}
