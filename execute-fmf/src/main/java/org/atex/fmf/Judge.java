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
 * Finds how a test ended by what its metadata say: by BeakerLib's results or its own file of results, then by its checks, and
 * last as its {@code result} key says. For one test, and for one thread.
 */
final class Judge implements Interpretation {
    private static final Pattern RESULT = Pattern.compile("(?m)^TESTRESULT_RESULT_STRING=\"?([^\"\\n]*)\"?$");
    private static final Pattern STATE = Pattern.compile("(?m)^TESTRESULT_STATE=\"?(\\w+)\"?");
    private static final Pattern FAILED_PHASES = Pattern.compile("(?m)^TESTRESULT_PHASES_FAILED=\"?(\\d+)");
    private static final Pattern FAILED_ASSERTS = Pattern.compile("(?m)^TESTRESULT_ASSERTS_FAILED=\"?(\\d+)");
    private static final List<Status> RANKS = List.of(Status.SKIP, Status.PASS, Status.FAIL, Status.ERROR);
    private static final Set<Status> BEAKERLIB_WORDS = Set.of(Status.PASS, Status.WARN, Status.FAIL, Status.SKIP);

    private final TestKeys keys;
    private final boolean lookForBeakerlib;
    private final Artifacts artifacts;
    private final ReportReceiver results;
    private final Map<Integer, Checked> checked = new TreeMap<>();
    private @Nullable Status word;

    /**
     * What a check found.
     *
     * @param number which of the test's checks it is
     * @param name its name
     * @param status the worst of it
     * @param result how that counts
     */
    record Checked(int number, String name, Status status, String result) {}

    /**
     * Makes one.
     *
     * @param keys what the metadata say
     * @param lookForBeakerlib whether BeakerLib's results count, if there are any, although the metadata do not say so
     * @param artifacts what the test left
     * @param results takes the parts of its own file of results
     */
    Judge(TestKeys keys, boolean lookForBeakerlib, Artifacts artifacts, ReportReceiver results) {
        this.keys = keys;
        this.lookForBeakerlib = lookForBeakerlib;
        this.artifacts = artifacts;
        this.results = results;
    }

    /** Of what a check found before and after the test, the worst counts. */
    void add(Checked one) {
        Checked before = checked.get(one.number);
        if (before == null || RANKS.indexOf(one.status) > RANKS.indexOf(before.status)) {
            checked.put(one.number, one);
        }
    }

    @Override
    public @Nullable Judgement found(TestEnd end, boolean reported) throws IOException {
        if (keys.result().equals("custom")) {
            return new CustomResults(artifacts, results).take();
        }
        Path file = artifacts.files().resolve("TestResults");
        if (keys.beakerlib() || lookForBeakerlib && Files.isRegularFile(file)) {
            return beakerlib(file, end);
        }
        boolean mayFail = keys.result().equals("xfail") && !reported;
        if (mayFail && end.exitCode() != null && end.exitCode() > 1) {
            return Judgement.of(
                    Outcome.ERROR,
                    "exit code " + end.exitCode() + ", and only exit code 1 is the failure that is expected");
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
                            + ": BeakerLib 1.23 or newer is needed");
        }
        if (!state.equals("complete")) {
            return Judgement.of(
                    Outcome.ERROR,
                    "BeakerLib's journal is not complete: its state is '" + state
                            + "', so the test ended before rlJournalEnd");
        }
        Status status = word.isBlank() ? Status.ERROR : new Status(word.strip().toLowerCase(Locale.ROOT));
        if (!BEAKERLIB_WORDS.contains(status)) {
            return Judgement.of(Outcome.ERROR, "BeakerLib's result is '" + word + "', which is unknown");
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

    /** {@return whether the test ended with no more than a warning} */
    boolean isWarned() {
        return Status.WARN.equals(word);
    }

    @Override
    public Judgement last(Judgement finding) {
        Judgement last = interpreted(finding);
        word = last.status();
        return last;
    }

    private Judgement interpreted(Judgement finding) {
        if (finding.status().equals(Status.INFRA) || keys.result().equals("custom")) {
            return finding; // nothing is known of the test, or it says all by itself
        }
        Judgement found = withChecks(finding);
        return switch (keys.result()) {
            case "respect", "restraint" -> found;
            case "xfail" -> expectedToFail(found);
            default -> {
                Status status = new Status(keys.result());
                yield found.status().equals(status)
                        ? found
                        : Judgement.because(status, reason("it is taken as " + status + " whatever happens", found));
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

    private static String reason(String what, Judgement found) {
        return what + " (" + found.status() + (found.note() == null ? "" : ": " + found.note()) + ")";
    }

    /** A check can make it worse, and nothing better. */
    private Judgement withChecks(Judgement finding) {
        Judgement worst = finding;
        for (Checked one : checked.values()) {
            Status status = one.status;
            String note =
                    "the check '" + one.name + "' " + (status.equals(Status.ERROR) ? "could not be made" : "failed");
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
