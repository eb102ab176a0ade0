package org.atex.ctrf;

import java.nio.file.Path;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.JournaledReport;
import org.atex.artifacts.StoredAttempt;

/**
 * Writes a report in the Common Test Report Format (CTRF), a JSON file that is complete at any time. About 500 ms after
 * a result, a new file is written beside the old one and replaces it atomically. If writing takes long it is done less
 * often, for at most a fifth of the time.
 *
 * <p>When {@link #ingest} returns, the results are in a journal beside the file, {@code <file>.journal}, and survive a
 * crash of this program. The file is completed from the journal by {@link #recover}, by the next {@link #open} of the
 * same file, and by {@linkplain CtrfOptions#withResume() continuing} it. {@link #flush()} completes the file; {@link
 * #close()} also deletes the journal. Neither file is synced to the disk. A lock on the file {@code <file>.lock}
 * prevents other writers while the aggregator is open.
 *
 * <p>A test with all its attempts is one entry. Its last attempt is the result, and earlier ones are retries. Files are
 * stored beside the report, in {@code ctrf-files} for {@code ctrf.json}; {@link #files} is empty. Memory use grows with
 * the number of attempts, not with their output.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}. Uses one daemon thread.
 *
 * <p>Thread safety: all methods are thread-safe. Tests are read and rendered in parallel; only writes to the journal
 * are serialized. No method reacts to interrupts.
 */
public final class CtrfAggregator implements Aggregator {
    private final JournaledReport<StoredAttempt> report;

    private CtrfAggregator(JournaledReport<StoredAttempt> report) {
        this.report = report;
    }

    /**
     * {@return an aggregator with the {@linkplain CtrfOptions#defaults() default options}}
     *
     * @param path the file, such as {@code ctrf.json}: missing, empty, or of a run that did not close it
     * @throws AggregationException if the file has other content, another aggregator writes it, or it cannot be created
     */
    public static CtrfAggregator open(Path path) {
        return open(path, CtrfOptions.defaults());
    }

    /**
     * {@return an aggregator}
     *
     * <p>Without {@link CtrfOptions#withResume()}, the report of a run that did not close it, because its program was
     * killed or ended before, is completed from its journal and renamed to {@code <file>.1}, or the next number that is
     * free. A warning is logged.
     *
     * @param path the file: missing, empty, or with the journal of a run that did not close it
     * @param options the options
     * @throws AggregationException if the file has other content, another aggregator writes it, the journal to continue
     *     cannot be read, or the file cannot be created
     */
    public static CtrfAggregator open(Path path, CtrfOptions options) {
        return new CtrfAggregator(
                JournaledReport.open(new CtrfFormat(path, options), path, options.resume(), options.duplicates()));
    }

    /**
     * Completes the file of a run that did not close it from its journal, which is left unchanged. The file has no
     * environment.
     *
     * @param path the file
     * @return true if there was a journal; false if the file was closed, or never written
     * @throws AggregationException if the journal cannot be read, or the file cannot be written
     */
    public static boolean recover(Path path) {
        return JournaledReport.recover(new CtrfFormat(path, CtrfOptions.defaults()), path);
    }

    @Override
    public void resume() {
        report.resume();
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        report.ingest(record, artifacts);
    }

    /**
     * Completes the file with all results ingested so far. The journal is kept until {@link #close()}. If {@code close}
     * is never called, the file is nevertheless complete.
     */
    @Override
    public void flush() {
        report.flush();
    }

    @Override
    public void close() {
        report.close();
    }

    @Override
    public String toString() {
        return report.toString();
    }
}
