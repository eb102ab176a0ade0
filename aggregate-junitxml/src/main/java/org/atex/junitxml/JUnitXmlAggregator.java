package org.atex.junitxml;

import java.nio.file.Path;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.JournaledReport;

/**
 * Writes a JUnit XML file that is complete at any time. About 500 ms after a result, a new file is written beside the
 * old one and replaces it atomically. If writing takes long it is done less often, for at most a fifth of the time.
 *
 * <p>When {@link #ingest} returns, the results are in a journal beside the file, {@code <file>.journal}, and survive a
 * crash of this program. The file is completed from the journal by {@link #recover}, by the next {@link #open} of the
 * same file, and by {@linkplain JUnitXmlOptions#withResume() continuing} it. {@link #flush()} completes the file;
 * {@link #close()} also deletes the journal. Neither file is synced to the disk. A lock on the file {@code <file>.lock}
 * prevents other writers while the aggregator is open.
 *
 * <p>A platform is a suite. A test with all its attempts is a case, and each of its subtests is another case. Memory
 * use grows with the number of tests, not with their output. Artifacts are deleted when their results are stored.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}. Uses one daemon thread.
 *
 * <p>Thread safety: all methods are thread-safe. Tests are read and rendered in parallel; only writes to the journal
 * are serialized. No method reacts to interrupts.
 */
public final class JUnitXmlAggregator implements Aggregator {
    private final JournaledReport<Attempt> report;

    private JUnitXmlAggregator(JournaledReport<Attempt> report) {
        this.report = report;
    }

    /**
     * {@return an aggregator with the {@linkplain JUnitXmlOptions#defaults() default options}}
     *
     * @param path the file: missing, empty, or of a run that did not close it
     * @throws AggregationException if the file has other content, another aggregator writes it, or it cannot be created
     */
    public static JUnitXmlAggregator open(Path path) {
        return open(path, JUnitXmlOptions.defaults());
    }

    /**
     * {@return an aggregator}
     *
     * <p>Without {@link JUnitXmlOptions#withResume()}, the report of a run that did not close it, because its program
     * was killed or ended before, is completed from its journal and renamed to {@code <file>.1}, or the next number
     * that is free. A warning is logged.
     *
     * @param path the file: missing, empty, or with the journal of a run that did not close it
     * @param options the options
     * @throws AggregationException if the file has other content, another aggregator writes it, the journal to continue
     *     cannot be read, or the file cannot be created
     */
    public static JUnitXmlAggregator open(Path path, JUnitXmlOptions options) {
        return new JUnitXmlAggregator(
                JournaledReport.open(new JUnitXmlFormat(options), path, options.resume(), options.duplicates()));
    }

    /**
     * Completes the file of a run that did not close it from its journal, which is left unchanged.
     *
     * @param path the file
     * @return true if there was a journal; false if the file was closed, or never written
     * @throws AggregationException if the journal cannot be read, or the file cannot be written
     */
    public static boolean recover(Path path) {
        return JournaledReport.recover(new JUnitXmlFormat(JUnitXmlOptions.defaults()), path);
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
