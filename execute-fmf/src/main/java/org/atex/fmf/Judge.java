package org.atex.fmf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * Determines the outcome of a test from its metadata, in this order: the results of BeakerLib or the test's own results
 * file, its checks, and its {@code result} key. An instance serves one test and is not thread-safe.
 */
final class Judge implements Interpretation {
    private static final Pattern RESULT = Pattern.compile("(?m)^TESTRESULT_RESULT_STRING=\"?([^\"\\n]*)\"?$");
    private static final Pattern STATE = Pattern.compile("(?m)^TESTRESULT_STATE=\"?(\\w+)\"?");
    private static final Pattern FAILED_PHASES = Pattern.compile("(?m)^TESTRESULT_PHASES_FAILED=\"?(\\d+)");
    private static final Pattern FAILED_ASSERTS = Pattern.compile("(?m)^TESTRESULT_ASSERTS_FAILED=\"?(\\d+)");
    /** The statuses of checks, ordered by severity. */
    private static final List<Status> RANKS = List.of(Status.SKIP, Status.PASS, Status.FAIL, Status.ERROR);

    private static final Set<Status> BEAKERLIB_STATUSES = Set.of(Status.PASS, Status.WARN, Status.FAIL, Status.SKIP);

    private final TestKeys keys;
    private final boolean lookForBeakerlib;
    private final Artifacts artifacts;
    private final ReportReceiver results;
    private final Map<Integer, Checked> checked = new TreeMap<>();
    private @Nullable Status finalStatus;

    /**
     * The result of a check.
     *
     * @param number the index of the check in the metadata
     * @param name the name of the check
     * @param status the status
     * @param result the {@code result} key of the check: {@code respect}, {@code xfail} or {@code info}
     */
    record Checked(int number, String name, Status status, String result) {}

    /**
     * Creates a judge.
     *
     * @param keys the metadata of the test
     * @param lookForBeakerlib whether results of BeakerLib decide if there are any, although the metadata do not name
     *     the framework
     * @param artifacts the artifacts of the test
     * @param results receives the items of the test's own results file
     */
    Judge(TestKeys keys, boolean lookForBeakerlib, Artifacts artifacts, ReportReceiver results) {
        this.keys = keys;
        this.lookForBeakerlib = lookForBeakerlib;
        this.artifacts = artifacts;
        this.results = results;
    }

    /** Adds the result of a check. Of its results before and after the test, the most severe one counts. */
    void add(Checked one) {
        Checked before = checked.get(one.number);
        if (before == null || RANKS.indexOf(one.status) > RANKS.indexOf(before.status)) {
            checked.put(one.number, one);
        }
    }

    @Override
    public @Nullable Judgement findJudgement(TestEnd end, boolean reported) throws IOException {
        if (keys.result().equals("custom")) {
            return new CustomResults(artifacts, results).evaluate();
        }
        Path file = artifacts.files().resolve("TestResults");
        if (keys.beakerlib() || lookForBeakerlib && Files.isRegularFile(file)) {
            return beakerlib(file, end);
        }
        // As in tmt, an expected failure is exit code 1; other codes mean that the test itself is broken.
        boolean decidedByExitCode = keys.result().equals("xfail") && !reported;
        if (decidedByExitCode && end.exitCode() != null && end.exitCode() > 1) {
            return Judgement.of(
                    Outcome.ERROR, "exit code " + end.exitCode() + ", but only exit code 1 is an expected failure");
        }
        return null;
    }

    private static Judgement beakerlib(Path file, TestEnd end) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Judgement.of(
                    Outcome.ERROR,
                    "BeakerLib left no results: the test ended with "
                            + (end.exitCode() == null ? "no exit code" : "exit code " + end.exitCode())
                            + " before rlJournalStart");
        }
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        String state = first(STATE, text);
        String word = first(RESULT, text);
        if (state == null || word == null) {
            return Judgement.of(
                    Outcome.ERROR,
                    "BeakerLib's results have no " + (word == null ? "TESTRESULT_RESULT_STRING" : "TESTRESULT_STATE")
                            + ": install BeakerLib 1.23 or newer");
        }
        // The file exists from rlJournalStart on; only its state shows whether the test reached rlJournalEnd.
        if (!state.equals("complete")) {
            return Judgement.of(
                    Outcome.ERROR,
                    "BeakerLib's journal is not complete: its state is '" + state
                            + "', so the test ended before rlJournalEnd");
        }
        Status status = word.isBlank() ? Status.ERROR : new Status(word.strip().toLowerCase(Locale.ROOT));
        if (!BEAKERLIB_STATUSES.contains(status)) {
            return Judgement.of(Outcome.ERROR, "BeakerLib's results have the unknown result '" + word + "'");
        }
        return new Judgement(Outcome.of(status), status, "BeakerLib: " + failed(text));
    }

    private static String failed(String text) {
        String phases = first(FAILED_PHASES, text);
        String asserts = first(FAILED_ASSERTS, text);
        return (phases == null ? "?" : phases) + " phases and " + (asserts == null ? "?" : asserts)
                + " assertions failed";
    }

    private static @Nullable String first(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : null;
    }

    /** {@return whether the final status of the test is {@code warn}} */
    boolean isWarned() {
        return Status.WARN.equals(finalStatus);
    }

    @Override
    public Judgement interpret(Judgement judgement) {
        Judgement interpreted = applyMetadata(judgement);
        finalStatus = interpreted.status();
        return interpreted;
    }

    private Judgement applyMetadata(Judgement judgement) {
        if (judgement.status().equals(Status.INFRA) || keys.result().equals("custom")) {
            return judgement; // the infrastructure failed, or the results file of the test is final
        }
        Judgement found = withChecks(judgement);
        return switch (keys.result()) {
            case "respect", "restraint" -> found;
            case "xfail" -> expectedToFail(found);
            default -> {
                Status status = new Status(keys.result());
                yield found.status().equals(status)
                        ? found
                        : Judgement.because(
                                status, reason("it is taken as " + status + " because of its key 'result'", found));
            }
        };
    }

    private static Judgement expectedToFail(Judgement found) {
        if (found.outcome() == Outcome.PASSED && found.status().equals(Status.PASS)) {
            return Judgement.because(Status.FAIL, "it passed, and was expected to fail");
        }
        if (found.outcome() == Outcome.FAILED && found.status().equals(Status.FAIL)) {
            return Judgement.because(Status.PASS, reason("it failed as expected", found));
        }
        return found;
    }

    private static String reason(String summary, Judgement found) {
        return summary + " (" + found.status() + (found.note() == null ? "" : ": " + found.note()) + ")";
    }

    /** {@return the judgement, or that of a check that is more severe; a check never improves a judgement} */
    private Judgement withChecks(Judgement judgement) {
        Judgement worst = judgement;
        for (Checked one : checked.values()) {
            Status status = one.status;
            String note =
                    "the check '" + one.name + "' " + (status.equals(Status.ERROR) ? "could not be run" : "failed");
            if (one.result.equals("info")) {
                continue;
            }
            if (one.result.equals("xfail") && status.equals(Status.FAIL)) {
                continue;
            }
            if (one.result.equals("xfail") && status.equals(Status.PASS)) {
                status = Status.FAIL;
                note = "the check '" + one.name + "' did not fail as expected";
            }
            if (rank(status) > rank(worst.status())) {
                worst = Judgement.because(status, note);
            }
        }
        return worst;
    }

    private static int rank(Status status) {
        return switch (status.word()) {
            case "skip", "info", "pass" -> 0;
            case "warn" -> 1;
            case "fail" -> 2;
            default -> 3;
        };
    }
}
