package org.atex.ci;

import java.io.PrintStream;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.findings.Findings;
import org.atex.findings.FindingsCollector;

/**
 * Shows the failures of a run where the CI service of the job shows them, when the run ends. Pass it to the builder of the
 * run as a listener:
 *
 * {@snippet :
 * builder.listener(Progress.onConsole()).listener(CiReport.onConsole());
 * }
 *
 * <ul>
 *   <li>{@link CiService#GITHUB}: the findings as Markdown in the summary of the job, and annotations at the files that
 *       define the tests: errors for failed tests; warnings for tests whose result is unknown, flaky tests, tests that did
 *       not run, and problems.
 *   <li>{@link CiService#GITLAB}: a collapsed section in the log for each failed test, with its last lines.
 *   <li>{@link CiService#NONE}: nothing.
 * </ul>
 *
 * <p>Nothing of this makes a run fail: a summary that cannot be written is logged, and told on the output. Text of tests
 * cannot become a command of the service.
 *
 * <p>An instance serves one run at a time. Thread-safe.
 */
public final class CiReport implements RunListener {
    private final PrintStream out;
    private final CiOptions options;
    private final FindingsCollector collector;

    private CiReport(PrintStream out, CiOptions options) {
        this.out = out;
        this.options = options;
        this.collector = FindingsCollector.of(options.findings());
    }

    /** {@return a report on standard output for the service of this job, with the default options} */
    public static CiReport onConsole() {
        return onConsole(CiOptions.defaults());
    }

    /**
     * {@return a report on standard output}
     *
     * @param options the options
     */
    public static CiReport onConsole(CiOptions options) {
        return of(System.out, options);
    }

    /**
     * {@return a report}
     *
     * @param out the stream that the service reads
     * @param options the options
     */
    public static CiReport of(PrintStream out, CiOptions options) {
        return new CiReport(out, options);
    }

    @Override
    public void on(RunEvent event) {
        if (options.service() == CiService.NONE) {
            return;
        }
        collector.on(event);
        if (event instanceof RunEvent.RunEnded) {
            collector.findings().ifPresent(this::show);
        }
    }

    /**
     * Shows findings, such as those of a run that was merged from the runs of several jobs.
     *
     * @param findings the findings
     */
    public void show(Findings findings) {
        String text = switch (options.service()) {
            case GITHUB -> {
                String notWritten = StepSummary.append(options.environment(), findings);
                yield new Annotations(findings, options.maxAnnotations()).text() + notWritten;
            }
            case GITLAB -> new LogSections(findings).text();
            case NONE -> "";
        };
        if (!text.isEmpty()) {
            // One call: other threads may print lines at the same time.
            out.print(text);
            out.flush();
        }
    }
}
