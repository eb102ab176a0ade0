package org.atex.jsonl;

import java.nio.file.Files;
import java.util.List;
import java.util.Objects;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestEnd;

/**
 * The result of the runner for a test. It is needed if the test reported no result for itself, or if none of these
 * shows how the test ended: a test that reported a pass and then timed out did not pass.
 */
final class RunnerResult {
    private static final String OUTPUT = "output.txt";

    private final TestEnd end;
    /** True if the test reported a result for itself, not only for subtests. */
    private boolean reported;

    /** True if one of these results shows how the test ended. */
    private boolean endReported;

    RunnerResult(TestEnd end) {
        this.end = end;
    }

    /** {@return the status for results of the test itself that have none} */
    Status end() {
        return end.outcome().status();
    }

    void observe(ReportedResult result) {
        if (result.name() == null) {
            reported = true;
            endReported |= reportsEnd(result);
        }
    }

    boolean isNeeded() {
        return !endReported;
    }

    ReportedResult result(Artifacts artifacts) {
        // If the test reported a result for itself, that one lists the output.
        boolean output = !reported
                && !artifacts.isNone()
                && Files.isRegularFile(artifacts.files().resolve(OUTPUT));
        return ReportedResult.of(end.outcome().status(), end.note(), output ? List.of(OUTPUT) : List.of());
    }

    private boolean reportsEnd(ReportedResult result) {
        Status status = result.status();
        return switch (end.outcome()) {
            case PASSED, FAILED, SKIPPED -> true;
            case ERROR -> status == null || Outcome.of(status) == Outcome.ERROR;
            case TIMED_OUT, LOST, SETUP_FAILED, CANCELLED, NOT_RUN ->
                end.outcome().status().equals(status)
                        && (end.note() == null || Objects.equals(end.note(), result.note()));
        };
    }
}
