package org.atex.tap;

import java.io.OutputStream;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.TestRecord;
import org.atex.artifacts.JournaledReport;
import org.atex.artifacts.StoredAttempt;

/**
 * Writes results in the Test Anything Protocol, version 14: a test point for each test, its parts as a subtest, and
 * details as a diagnostic block in YAML. As an aggregator it gets the results; as a listener of the same run it also
 * learns whether the run came to its end: otherwise, the report ends with {@code Bail out!} instead of a plan.
 *
 * {@snippet :
 * try (TapAggregator results = TapAggregator.open(Path.of("results.tap"));
 *         AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
 *                 .on(systems)
 *                 .with(executors)
 *                 .into(results)
 *                 .listener(results)
 *                 .build()) {
 *     run.run();
 * }
 * }
 *
 * <p>{@link #open} writes a file that is complete at any time. About 500 ms after a result, a new file is written beside
 * the old one and replaces it atomically; if that takes long it is done less often. When {@link #ingest} returns, the
 * results are in a journal beside the file, {@code <file>.journal}, and survive a crash of this program. The file is
 * completed from the journal by {@link #recover}, by the next {@link #open} of the same file, and by {@linkplain
 * TapOptions#withResume() continuing} it. A lock on the file {@code <file>.lock} prevents other writers while the
 * aggregator is open.
 *
 * <p>{@link #to} writes to a stream. A test point is written when the last attempt at a test ends, and earlier attempts
 * are comments. The plan is written by {@link #close()}, so that a killed program leaves a stream without a plan, which
 * consumers report as a failure.
 *
 * <p>Files of tests are not stored: {@link #files} is empty, and artifacts are deleted when their results are stored.
 *
 * <p>Lifecycle: open from the return of {@link #open} or {@link #to} until {@link #close()}. For a file, it uses one
 * daemon thread.
 *
 * <p>Thread safety: all methods are thread-safe. No method reacts to interrupts.
 */
public final class TapAggregator implements Aggregator, RunListener {
    private final Aggregator report;
    private final Consumer<String> bailOut;

    private TapAggregator(Aggregator report, Consumer<String> bailOut) {
        this.report = report;
        this.bailOut = bailOut;
    }

    /**
     * {@return an aggregator that writes a file with the {@linkplain TapOptions#defaults() default options}}
     *
     * @param path the file, such as {@code results.tap}: missing, empty, or of a run that did not close it
     * @throws AggregationException if the file has other content, another aggregator writes it, or it cannot be created
     */
    public static TapAggregator open(Path path) {
        return open(path, TapOptions.defaults());
    }

    /**
     * {@return an aggregator that writes a file}
     *
     * <p>Without {@link TapOptions#withResume()}, the report of a run that did not close it, because its program was
     * killed or ended before, is completed from its journal with {@code Bail out!}, and renamed to {@code <file>.1}, or
     * the next number that is free. A warning is logged.
     *
     * @param path the file: missing, empty, or with the journal of a run that did not close it
     * @param options the options
     * @throws AggregationException if the file has other content, another aggregator writes it, the journal to continue
     *     cannot be read, or the file cannot be created
     */
    public static TapAggregator open(Path path, TapOptions options) {
        TapFormat format = new TapFormat(options);
        JournaledReport<StoredAttempt> report =
                JournaledReport.open(format, path, options.resume(), options.duplicates());
        return new TapAggregator(report, why -> {
            format.setBailOut(why);
            report.changed();
        });
    }

    /**
     * {@return an aggregator that writes to a stream with the {@linkplain TapOptions#defaults() default options}}
     *
     * @param out the stream, such as {@code System.out}, which is flushed after each test and never closed
     */
    public static TapAggregator to(OutputStream out) {
        return to(out, TapOptions.defaults());
    }

    /**
     * {@return an aggregator that writes to a stream}
     *
     * @param out the stream, such as {@code System.out}, which is flushed after each test and never closed
     * @param options the options
     */
    public static TapAggregator to(OutputStream out, TapOptions options) {
        TapStream stream = new TapStream(out, options);
        return new TapAggregator(stream, stream::setBailOut);
    }

    /**
     * Completes the file of a run that did not close it from its journal, which is left unchanged. The file ends with
     * {@code Bail out!}, as tests may be missing.
     *
     * @param path the file
     * @return true if there was a journal; false if the file was closed, or never written
     * @throws AggregationException if the journal cannot be read, or the file cannot be written
     */
    public static boolean recover(Path path) {
        return JournaledReport.recover(new TapFormat(TapOptions.defaults()), path);
    }

    /** Notes the begin and the end of a run. Other events have no effect. */
    @Override
    public void on(RunEvent event) {
        switch (event) {
            case RunEvent.RunStarted started -> bailOut.accept("the run has not come to its end");
            case RunEvent.RunEnded ended -> bailOut.accept("");
            default -> {
                // Results come by ingest.
            }
        }
    }

    @Override
    public void resume() {
        report.resume();
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        report.ingest(record, artifacts);
    }

    /** Completes a file with all results ingested so far. Has no effect on a stream. */
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
