package org.atex.findings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.atex.api.AggregationException;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.api.Verdict;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.WholeFile;
import org.atex.support.AgainLine;
import org.jspecify.annotations.Nullable;

/**
 * The failures of a run, and everything else that a person or program has to know about it: flaky tests, tests that did
 * not run, problems, and the tests to run again.
 *
 * {@snippet :
 * Findings findings = Findings.of(PastRun.latest(Path.of("runs")).orElseThrow());
 * findings.failed().forEach(test -> System.out.println(test.name() + ": " + test.reason()));
 * findings.write(Path.of("out")); // findings.json and findings.md
 * }
 *
 * <p>A {@link FindingsReport} writes the files of a run that goes on, and a {@link FindingsCollector} makes findings of
 * its events.
 *
 * <p>Texts are those of the tests, with control characters and markup: a program that prints them must escape them.
 * {@link #json()} and {@link #markdown()} do so. Excerpts and files are those of the first {@value #MAX_DETAILED} failed
 * tests, and of as many flaky ones.
 *
 * <p>Immutable and thread-safe.
 */
public final class Findings {
    /** The maximum number of failed tests, and of flaky tests, with excerpts and files. */
    public static final int MAX_DETAILED = 500;

    static final String JSON = "findings.json";
    static final String MARKDOWN = "findings.md";

    private final RunFacts run;
    private final FindingsOptions options;
    private final Map<Outcome, Integer> counts;
    private final List<FailedTest> failed;
    private final List<FlakyTest> flaky;
    private final List<NotRun> notRun;
    private final RunAgain again;

    Findings(RunFacts run, FindingsOptions options) {
        this.run = run;
        this.options = options;
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        run.tests().forEach(test -> outcomes.merge(test.outcome(), 1, Integer::sum));
        this.counts = Collections.unmodifiableMap(outcomes);
        this.failed = failedTests();
        this.flaky = flakyTests();
        this.notRun = testsNotRun();
        Set<String> names = new LinkedHashSet<>();
        run.tests().stream()
                .filter(Ended::isToRunAgain)
                .forEach(test -> names.add(test.test().name()));
        this.again = new RunAgain(List.copyOf(names), AgainLine.of(names, run.directory()));
    }

    /**
     * {@return the findings of a kept run, with the default options} A run that goes on, or whose program was killed, has
     * findings as well.
     *
     * @param run the run
     */
    public static Findings of(PastRun run) {
        return of(run, FindingsOptions.defaults());
    }

    /**
     * {@return the findings of a kept run}
     *
     * @param run the run
     * @param options the options
     */
    public static Findings of(PastRun run, FindingsOptions options) {
        return new Findings(PastFacts.of(run, options), options);
    }

    private List<FailedTest> failedTests() {
        // Of equal verdicts, those that are new come first.
        List<Dated> sorted = run.tests().stream()
                .filter(Ended::isFailed)
                .map(test -> new Dated(test, since(test)))
                .sorted(Comparator.comparing((Dated dated) -> dated.test().verdict())
                        .reversed()
                        .thenComparing(dated -> !dated.isNew()))
                .toList();
        List<FailedTest> tests = new ArrayList<>(sorted.size());
        for (Dated dated : sorted) {
            Ended test = tests.size() < MAX_DETAILED ? run.details().apply(dated.test()) : dated.test();
            tests.add(new FailedTest(
                    test.test(),
                    test.platform(),
                    test.end(),
                    test.known(),
                    test.excerpt(),
                    test.attempts(),
                    test.files(),
                    dated.since()));
        }
        return Collections.unmodifiableList(tests);
    }

    private record Dated(Ended test, @Nullable FailingSince since) {
        boolean isNew() {
            return since != null && since.isNew();
        }
    }

    private @Nullable FailingSince since(Ended test) {
        if (test.outcome().verdict() != Verdict.FAILED || test.attempts().isEmpty()) {
            return null;
        }
        TestRecord last = test.attempts().get(test.attempts().size() - 1);
        return FailingSince.of(options.history().test(test.test().name()), run.id(), last.started());
    }

    private List<FlakyTest> flakyTests() {
        List<FlakyTest> tests = new ArrayList<>();
        run.tests().stream().filter(Ended::isFlaky).forEach(test -> {
            Ended all = tests.size() < MAX_DETAILED ? run.details().apply(test) : test;
            tests.add(new FlakyTest(all.test(), all.platform(), all.earlier(), all.attempts(), all.files()));
        });
        return Collections.unmodifiableList(tests);
    }

    private List<NotRun> testsNotRun() {
        record Reason(Outcome outcome, String why) {}
        Map<Reason, List<String>> reasons = new LinkedHashMap<>();
        run.tests().stream()
                .filter(Ended::isNotRun)
                .forEach(test -> reasons.computeIfAbsent(
                                new Reason(
                                        test.outcome(),
                                        Objects.requireNonNullElse(test.end().note(), "")),
                                reason -> new ArrayList<>())
                        .add(test.test().name()));
        List<NotRun> groups = new ArrayList<>();
        reasons.forEach((reason, names) -> groups.add(new NotRun(reason.why(), reason.outcome(), names)));
        return Collections.unmodifiableList(groups);
    }

    /** {@return the id of the run} */
    public String run() {
        return run.id();
    }

    /** {@return the platform of the run; of a run that was merged, the platforms with a comma between them} */
    public String platform() {
        return run.platform();
    }

    /** {@return the directory of the run, or null if it is not kept or not known} */
    public @Nullable Path directory() {
        return run.directory();
    }

    /** {@return when the run started} */
    public Instant started() {
        return run.started();
    }

    /** {@return how long the run took, or how long it has taken until now} */
    public Duration took() {
        return run.took();
    }

    /** {@return whether the run has ended; false if it goes on, or its program was killed} */
    public boolean hasEnded() {
        return run.isEnded();
    }

    /** {@return the worst verdict of tests and problems} Known failures do not count. */
    public Verdict verdict() {
        return run.verdict();
    }

    /** {@return the number of planned tests, those included that have not ended yet} */
    public int tests() {
        return run.planned();
    }

    /** {@return the number of tests for each outcome that occurred} */
    public Map<Outcome, Integer> counts() {
        return counts;
    }

    /**
     * {@return the tests that failed, or whose result is unknown because a system or a connection failed: the worst
     * first, and known failures last} Of equal ones, those that are new in this run come first.
     */
    public List<FailedTest> failed() {
        return failed;
    }

    /** {@return the tests that passed after an attempt that had failed} */
    public List<FlakyTest> flaky() {
        return flaky;
    }

    /** {@return the tests that never started or were cancelled, by reason} */
    public List<NotRun> notRun() {
        return notRun;
    }

    /** {@return the problems of the run beside its tests} */
    public List<Problem> problems() {
        return run.problems();
    }

    /** {@return the tests to run again} */
    public RunAgain again() {
        return again;
    }

    /**
     * {@return where a test is defined, with the prefix of {@link FindingsOptions#withSources}; null if it is not known}
     *
     * @param test the test
     */
    public @Nullable TestSource definedIn(PlainTest test) {
        TestSource source = test.source();
        return source == null ? null : new TestSource(options.sources() + source.file(), source.line());
    }

    /** {@return the number of failures that are known and do not count} */
    long known() {
        return failed.stream()
                .map(FailedTest::known)
                .filter(KnownFailure.class::isInstance)
                .count();
    }

    FindingsOptions options() {
        return options;
    }

    /** {@return the findings as JSON, in the format that the README of this module describes} */
    public String json() {
        return new JsonFindings(this).text(options.maxJsonBytes());
    }

    /** {@return the findings as Markdown of GitHub and GitLab} Text of tests cannot become markup. */
    public String markdown() {
        return markdown(options.maxMarkdownBytes());
    }

    /**
     * {@return the findings as Markdown, in a given space}
     *
     * @param maxBytes the limit in bytes, at least {@link FindingsOptions#LEAST_BYTES}
     * @throws IllegalArgumentException if it is lower
     */
    public String markdown(int maxBytes) {
        return new MarkdownFindings(this).text(FindingsOptions.requireEnough(maxBytes));
    }

    /**
     * Writes {@code findings.json} and {@code findings.md}. Each file is replaced as a whole: readers see the old one or
     * the new one.
     *
     * @param directory the directory, created if missing
     * @throws AggregationException if a file cannot be written
     */
    public void write(Path directory) {
        try {
            Files.createDirectories(directory);
            write(directory.resolve(JSON), json());
            write(directory.resolve(MARKDOWN), markdown());
        } catch (IOException e) {
            throw new AggregationException(
                    "could not write the findings of the run " + run.id() + " to " + directory + ": " + e, e);
        }
    }

    private static void write(Path file, String text) throws IOException {
        // Not a temporary file of the JDK, which only its owner can read. Another writer has another name.
        String writer =
                ProcessHandle.current().pid() + "-" + Thread.currentThread().threadId();
        Path temporary = file.resolveSibling("." + file.getFileName() + "." + writer + ".tmp");
        WholeFile.write(file, temporary, out -> out.write(text.getBytes(UTF_8)));
    }

    /** {@return the verdict and the number of failed tests, for messages} */
    @Override
    public String toString() {
        return "findings of the run " + run.id() + ": " + verdict() + ", " + failed.size() + " of " + tests()
                + " tests failed";
    }
}
