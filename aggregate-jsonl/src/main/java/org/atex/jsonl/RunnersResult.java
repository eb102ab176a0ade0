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
 * What the runner itself has to say of a test: needed where the test said nothing of itself, or where what it said does not
 * show how it ended. A test that called itself passed and then ran into its limit did not pass.
 */
final class RunnersResult {
    private static final String OUTPUT = "output.txt";

    private final TestEnd end;
    private boolean spoke;
    private boolean told;

    RunnersResult(TestEnd end) {
        this.end = end;
    }

    /** {@return the word for a result of the test itself that has none} */
    String status() {
        return end.outcome().status().word();
    }

    void saw(ReportedResult result) {
        if (result.name() == null) {
            spoke = true;
            told |= tells(result);
        }
    }

    boolean isNeeded() {
        return !told;
    }

    ReportedResult result(Artifacts artifacts) {
        // If the test never spoke, nobody has listed its output yet.
        boolean output = !spoke
                && !artifacts.isNone()
                && Files.isRegularFile(artifacts.files().resolve(OUTPUT));
        return ReportedResult.of(end.outcome().status(), end.note(), output ? List.of(OUTPUT) : List.of());
    }

    private boolean tells(ReportedResult result) {
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
