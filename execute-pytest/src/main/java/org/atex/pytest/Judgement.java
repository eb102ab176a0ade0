package org.atex.pytest;

import java.util.ArrayList;
import java.util.List;
import org.atex.api.CommandEnd;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Judges a run of pytest by its exit code and by the cases of its report. Both have to agree that it passed: an exit
 * code of 0 without a complete report is an error. Not thread-safe.
 */
final class Judgement {
    private static final int MAX_NAMED = 3;

    private int cases;
    private int skipped;
    private final List<String> failed = new ArrayList<>();
    private int failures;
    private final List<String> inError = new ArrayList<>();
    private int errors;
    private @Nullable String firstSkipReason;
    private @Nullable String firstErrorMessage;

    /** Adds a case of the report. */
    void add(CaseResult result) {
        cases++;
        switch (result.kind()) {
            case FAILED -> {
                failures++;
                name(failed, result);
            }
            case ERROR -> {
                errors++;
                name(inError, result);
                firstErrorMessage = firstErrorMessage == null ? result.message() : firstErrorMessage;
            }
            case SKIPPED -> {
                skipped++;
                firstSkipReason = firstSkipReason == null ? result.message() : firstSkipReason;
            }
            case PASSED, XFAILED -> {}
        }
    }

    private static void name(List<String> names, CaseResult result) {
        if (names.size() < MAX_NAMED) {
            names.add(PytestReport.oneLine(result.name()));
        }
    }

    /**
     * Judges the run.
     *
     * @param end how pytest ended
     * @param broken the reason why there is no complete report; null if there is one
     * @param complaint the line of the output that tells most about an error; empty if there is no output
     * @return the end of the test
     */
    TestEnd judge(CommandEnd end, @Nullable String broken, String complaint) {
        return switch (end) {
            case CommandEnd.Signalled(String signal) ->
                ended(end, Outcome.ERROR, "pytest was killed by the signal " + signal + seen());
            case CommandEnd.Exited(int code) -> judge(end, code, broken, complaint.isEmpty() ? "" : ": " + complaint);
        };
    }

    private TestEnd judge(CommandEnd end, int code, @Nullable String broken, String complaint) {
        return switch (code) {
            case 2 -> ended(end, Outcome.ERROR, "pytest was interrupted (exit code 2)" + reason(complaint));
            case 3 -> ended(end, Outcome.ERROR, "pytest had an internal error (exit code 3)" + complaint);
            case 4 -> ended(end, Outcome.ERROR, "pytest could not be used as asked (exit code 4)" + complaint);
            case 5 ->
                ended(
                        end,
                        Outcome.ERROR,
                        "pytest collected no tests (exit code 5): check the target and options such as -k and -m");
            case 0, 1 ->
                broken == null
                        ? byCases(end, code)
                        : ended(
                                end,
                                Outcome.ERROR,
                                "pytest ended with exit code " + code + " but without a usable report: " + broken
                                        + " (did a test or a plugin end the interpreter?)");
            default ->
                ended(end, Outcome.ERROR, "pytest ended with the unknown exit code " + code + seen() + complaint);
        };
    }

    private String seen() {
        return cases == 0 ? "" : " after " + Plural.of(cases, "case");
    }

    private String reason(String complaint) {
        return errors == 0
                ? complaint
                : ": " + String.join(", ", inError) + (firstErrorMessage == null ? "" : ": " + firstErrorMessage);
    }

    private TestEnd byCases(CommandEnd end, int code) {
        if (failures > 0) {
            String also = errors == 0 ? "" : ", and " + Plural.of(errors, "error");
            return ended(end, Outcome.FAILED, count(failures, "failed", failed) + also + despite(code));
        }
        if (errors > 0) {
            return ended(
                    end,
                    Outcome.ERROR,
                    count(errors, "had an error", inError)
                            + (firstErrorMessage == null ? "" : ": " + firstErrorMessage)
                            + despite(code));
        }
        if (code != 0) {
            return ended(
                    end,
                    Outcome.FAILED,
                    "pytest ended with exit code 1, although none of its " + cases + " cases failed");
        }
        if (cases == 0) {
            return ended(end, Outcome.ERROR, "pytest ran no case (do its options contain --collect-only?)");
        }
        if (skipped == cases) {
            return ended(
                    end,
                    Outcome.SKIPPED,
                    (cases == 1 ? "the only case was skipped" : "all " + cases + " cases were skipped")
                            + (firstSkipReason == null ? "" : ": " + firstSkipReason));
        }
        return ended(end, Outcome.PASSED, null);
    }

    private String count(int number, String what, List<String> names) {
        String more = number > names.size() ? " and " + (number - names.size()) + " more" : "";
        return number + " of " + Plural.of(cases, "case") + " " + what + ": " + String.join(", ", names) + more;
    }

    private static String despite(int code) {
        return code == 0 ? ", although pytest ended with exit code 0" : "";
    }

    private static TestEnd ended(CommandEnd end, Outcome outcome, @Nullable String note) {
        return new TestEnd(outcome, end.shellCode(), note, true);
    }
}
