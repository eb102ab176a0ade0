package org.atex.ci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.AttemptCause;
import org.atex.api.Excerpt;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.ReportedResult;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.api.TestSummary;
import org.atex.findings.FindingsOptions;
import org.atex.support.PrintableText;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.HtmlInline;
import org.commonmark.parser.Parser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads the output and the summary as the services do. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class CiReportTest {
    private static final Instant START = Instant.parse("2026-11-20T10:00:00Z");

    /** The form of the marks of sections that GitLab accepts. */
    private static final Pattern SECTION = Pattern.compile(
            "\u001b\\[0Ksection_(start|end):(\\d+):([a-zA-Z0-9_.-]+)(\\[collapsed=true])?\r\u001b\\[0K");

    @TempDir
    private Path directory;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, UTF_8);
    private final List<TestSummary> tests = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();

    private Path summary() {
        return directory.resolve("summary.md");
    }

    private Map<String, String> github() {
        return Map.of("GITHUB_ACTIONS", "true", "GITHUB_STEP_SUMMARY", summary().toString());
    }

    private static TestRecord record(PlainTest test, TestEnd end) {
        return TestRecord.of("default", test, end).withTimes(START, Duration.ofSeconds(3));
    }

    private void add(TestRecord record, Excerpt excerpt) {
        tests.add(TestSummary.of(record.test(), record.end(), record.attempt() == 0 ? List.of() : List.of(record))
                .withExcerpt(excerpt));
    }

    private void failing(String name, String reason, Excerpt excerpt) {
        PlainTest test = TestCase.named(name).withSource(new TestSource("net/dns.fmf", 7));
        add(record(test, TestEnd.of(Outcome.FAILED, reason)), excerpt);
    }

    private void send(CiOptions options) {
        send(CiReport.of(out, options));
    }

    private void send(CiReport report) {
        report.on(new RunEvent.RunStarted(
                new RunEvent.Stamp("5d1f-run", 1, START),
                tests.stream().map(TestSummary::test).toList(),
                "default"));
        report.on(new RunEvent.RunEnded(
                new RunEvent.Stamp("5d1f-run", 2, START.plusSeconds(9)),
                new RunSummary(tests, problems, Duration.ofSeconds(9))));
    }

    private CiOptions onGithub() {
        return CiOptions.defaults().withEnvironment(github());
    }

    private List<WorkflowCommand> commands() {
        return bytes.toString(UTF_8)
                .lines()
                .map(WorkflowCommand::read)
                .filter(Objects::nonNull)
                .toList();
    }

    private List<WorkflowCommand> commands(String name) {
        return commands().stream()
                .filter(command -> command.name().equals(name))
                .toList();
    }

    @Test
    void serviceIsFoundByTheEnvironment() {
        assertThat(CiService.of(Map.of("GITHUB_ACTIONS", "true"))).isEqualTo(CiService.GITHUB);
        assertThat(CiService.of(Map.of("GITLAB_CI", "true"))).isEqualTo(CiService.GITLAB);
        assertThat(CiService.of(Map.of("GITHUB_ACTIONS", "false", "CI", "true")))
                .isEqualTo(CiService.NONE);
        assertThat(CiService.of(Map.of())).isEqualTo(CiService.NONE);
    }

    @Test
    void elsewhereNothingIsShown() throws IOException {
        failing("/net/dns", "it fails", Excerpt.none());
        send(CiOptions.defaults().withEnvironment(Map.of()));
        send(onGithub().withService(CiService.NONE));
        assertThat(bytes.size()).isZero();
        assertThat(summary()).doesNotExist();
    }

    @Test
    void githubShowsAnnotationsAtTheTests() {
        ReportedResult part =
                ReportedResult.of(Status.FAIL, "no PTR record", List.of()).withName("reverse");
        failing("/net/dns", "50% lost, or: more", new Excerpt(List.of(part), List.of("first", "the last line")));
        add(record(TestCase.named("/boot"), TestEnd.of(Outcome.LOST, "no answer")), Excerpt.none());
        add(TestRecord.notRun("default", TestCase.named("/tape"), "no tape drive"), Excerpt.none());
        KnownFailure rule = KnownFailure.of("/known", "the kernel team", LocalDate.MAX, "bug 4711");
        add(record(TestCase.named("/known"), TestEnd.exited(1)).withKnown(rule), Excerpt.none());
        PlainTest flaky = TestCase.named("/flaky");
        tests.add(TestSummary.of(
                flaky,
                TestEnd.exited(0),
                List.of(
                        record(flaky, TestEnd.exited(1)).withAttempt(1, false),
                        record(flaky, TestEnd.exited(0)).withAttempt(2, true).withCause(AttemptCause.RERUN))));
        problems.add(Problem.infrastructure("system gamma could not be set up"));
        problems.add(Problem.overcome("a note"));
        send(onGithub().withFindings(FindingsOptions.defaults().withSources("tests")));

        assertThat(bytes.toString(UTF_8).lines().findFirst().orElseThrow())
                .isEqualTo("::error file=tests/net/dns.fmf,line=7,title=/net/dns failed::/net/dns failed: 50%25 lost,"
                        + " or: more%0Afail reverse: no PTR record%0A| first%0A| the last line");
        assertThat(commands("error"))
                .containsExactly(new WorkflowCommand(
                        "error",
                        Map.of("file", "tests/net/dns.fmf", "line", "7", "title", "/net/dns failed"),
                        "/net/dns failed: 50% lost, or: more\nfail reverse: no PTR record\n| first\n| the last line"));
        assertThat(commands("warning"))
                .extracting(WorkflowCommand::data)
                .as("known failures have no annotations")
                .containsExactly(
                        "/boot lost: no answer",
                        "system gamma could not be set up",
                        "1 test not run: no tape drive\n/tape",
                        "/flaky passed in attempt 2");
        assertThat(commands()).hasSize(5);
    }

    @Test
    void atMostTenAnnotationsOfEachKindAreMade() throws IOException {
        IntStream.range(0, 25).forEach(i -> failing("/t" + i, "reason " + i, Excerpt.none()));
        IntStream.range(0, 12)
                .forEach(i -> add(
                        record(TestCase.named("/lost" + i), TestEnd.of(Outcome.LOST, "no answer")), Excerpt.none()));
        send(onGithub());
        assertThat(commands("error"))
                .hasSize(10)
                .extracting(WorkflowCommand::data)
                .startsWith("/t0 failed: reason 0");
        assertThat(commands("warning")).hasSize(10);
        assertThat(commands("notice"))
                .extracting(WorkflowCommand::data)
                .containsExactly("15 errors and 2 warnings more are in the summary of the job");
        assertThat(Files.readString(summary())).contains("/t24", "/lost11");

        bytes.reset();
        send(onGithub().withMaxAnnotations(2));
        assertThat(commands("error")).hasSize(2);
        bytes.reset();
        send(onGithub().withMaxAnnotations(0));
        assertThat(commands()).isEmpty();
        assertThatThrownBy(() -> onGithub().withMaxAnnotations(11))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("from 0 to 10");
    }

    @Test
    void longMessageHasItsBeginningAndTheLastLines() {
        List<String> lines =
                IntStream.range(0, 20).mapToObj(i -> i + " " + "x".repeat(1000)).toList();
        failing("/t", "why", new Excerpt(List.of(), lines));
        send(onGithub());
        String data = commands("error").get(0).data();
        assertThat(data.length()).isLessThanOrEqualTo(4096);
        assertThat(data)
                .startsWith("/t failed: why\n| 1")
                .contains("\n| 19 xxx")
                .doesNotContain("\n| 10 ");
    }

    @Test
    void hostileTextIsNoCommand() throws IOException {
        List<String> hostile = List.of(
                "a::set-env name=x::y",
                "::error::x",
                "100%0A::error::x",
                "%25 %0D %3A %2C",
                "a,line=1,col=2",
                "x\n::warning::y\r::notice::z",
                "\u001b[31mred\u001b[0m \u202e \u0000",
                "##[error]x",
                "##vso[task.complete result=Failed;]",
                "<script>alert(1)</script> @octocat `` ` ",
                "x".repeat(1 << 20));
        for (String text : hostile) {
            PlainTest test = TestCase.named(text).withSource(new TestSource("x" + text, 1));
            ReportedResult part =
                    ReportedResult.of(Status.FAIL, text, List.of()).withName(text);
            add(record(test, TestEnd.of(Outcome.FAILED, text)), new Excerpt(List.of(part), List.of(text)));
        }
        problems.add(Problem.infrastructure(hostile.get(0)));
        send(onGithub());

        assertThat(bytes.toString(UTF_8).lines())
                .as("one line for each annotation")
                .hasSize(10 + 1 + 1);
        assertThat(bytes.toString(UTF_8)).doesNotContain("\r", "\u001b", "\u202e", "\u0000");
        List<WorkflowCommand> errors = commands("error");
        for (int i = 0; i < errors.size(); i++) {
            String shown = PrintableText.of(hostile.get(i), 200);
            assertThat(errors.get(i).properties()).containsOnlyKeys("file", "line", "title");
            assertThat(errors.get(i).properties().get("title")).isEqualTo(shown + " failed");
            assertThat(errors.get(i).properties().get("file")).isEqualTo("x" + PrintableText.of(hostile.get(i), 500));
            assertThat(errors.get(i).data())
                    .startsWith(shown + " failed: " + shown)
                    .endsWith("| " + shown);
        }
        Parser.builder()
                .extensions(List.of(TablesExtension.create()))
                .build()
                .parse(Files.readString(summary()))
                .accept(new AbstractVisitor() {
                    @Override
                    public void visit(HtmlBlock html) {
                        throw new AssertionError(html.getLiteral());
                    }

                    @Override
                    public void visit(HtmlInline html) {
                        throw new AssertionError(html.getLiteral());
                    }
                });
    }

    @Test
    void summaryIsAppended() throws IOException {
        Files.writeString(summary(), "# An earlier program");
        failing("/net/dns", "it fails", Excerpt.none());
        send(onGithub());
        send(onGithub());
        String text = Files.readString(summary());
        assertThat(text).startsWith("# An earlier program\n\n## Test run: failed\n");
        assertThat(text.split("## Test run: failed", -1)).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 700_000, 1_000_000})
    void summaryStaysBelowTheLimitOfGithub(int before) throws IOException {
        Files.writeString(summary(), "x".repeat(before));
        List<String> lines =
                IntStream.range(0, 20).mapToObj(i -> "y".repeat(500)).toList();
        IntStream.range(0, 3000).forEach(i -> failing("/t" + i, "why", new Excerpt(List.of(), lines)));
        send(onGithub().withFindings(FindingsOptions.defaults().withMaxMarkdownBytes(2 << 20)));
        assertThat(Files.size(summary())).isGreaterThan(before + 10_000L).isLessThanOrEqualTo(1 << 20);
        assertThat(Files.readString(summary())).contains("for lack of space");
    }

    @Test
    void fullSummaryIsToldAndNotChanged() throws IOException {
        Files.writeString(summary(), "x".repeat((1 << 20) - 100));
        failing("/net/dns", "it fails", Excerpt.none());
        send(onGithub());
        assertThat(Files.size(summary())).isEqualTo((1 << 20) - 100);
        assertThat(bytes.toString(UTF_8))
                .contains("could not write the findings to the summary of the job: " + summary()
                        + " has 1048476 bytes already");
        assertThat(commands("error")).hasSize(1);
    }

    @Test
    void summaryThatCannotBeWrittenIsNoFailure() throws IOException {
        failing("/net/dns", "it fails", Excerpt.none());
        send(CiOptions.defaults().withEnvironment(Map.of("GITHUB_ACTIONS", "true")));
        assertThat(bytes.toString(UTF_8)).endsWith("the environment has no GITHUB_STEP_SUMMARY\n");
        bytes.reset();
        Files.createDirectory(summary());
        send(onGithub());
        assertThat(bytes.toString(UTF_8)).endsWith(summary() + " is not a regular file\n");
        assertThat(commands("error")).as("annotations are made nevertheless").hasSize(1);
    }

    @Test
    void brokenOutputIsNoFailure() {
        failing("/net/dns", "it fails", Excerpt.none());
        PrintStream broken = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        });
        assertThatCode(() -> send(CiReport.of(broken, onGithub()))).doesNotThrowAnyException();
        assertThat(summary()).exists();
    }

    @Test
    void gitlabShowsCollapsedSections() {
        failing("/net/dns", "it fails", new Excerpt(List.of(), List.of("first", "the last line")));
        failing("/net/\u001b[0Ksection_start:1:x\r\u001b[0K", "::error::x", new Excerpt(List.of(), List.of("##[x]")));
        send(CiOptions.defaults().withEnvironment(Map.of("GITLAB_CI", "true")));
        String text = bytes.toString(UTF_8);
        assertThat(text)
                .startsWith("\u001b[0Ksection_start:1763632809:atex_5d1frun_1[collapsed=true]\r\u001b[0K"
                                .replace(
                                        "1763632809",
                                        Long.toString(START.plusSeconds(9).getEpochSecond()))
                        + "/net/dns failed: it fails\n| first\n| the last line\n\u001b[0Ksection_end:");
        Matcher sections = SECTION.matcher(text);
        List<String> marks = new ArrayList<>();
        while (sections.find()) {
            marks.add(sections.group(1) + " " + sections.group(3));
        }
        assertThat(marks)
                .containsExactly(
                        "start atex_5d1frun_1", "end atex_5d1frun_1", "start atex_5d1frun_2", "end atex_5d1frun_2");
        assertThat(sections.replaceAll("")).doesNotContain("\u001b", "\r", "##[");
    }

    @Test
    void gitlabHasABoundedNumberOfSections() {
        IntStream.range(0, 5000).forEach(i -> failing("/t" + i, "why", Excerpt.none()));
        send(CiOptions.defaults().withService(CiService.GITLAB));
        assertThat(bytes.toString(UTF_8)).endsWith("4900 failed tests more are in the results of the run\n");
        assertThat(SECTION.matcher(bytes.toString(UTF_8)).results()).hasSize(200);
    }

    @Test
    void runIsShownWhenItEnds() throws Exception {
        FakeExecutors executors = FakeExecutors.running(
                test -> test.name().equals("/fails") ? FakeRun.failing(Duration.ZERO) : FakeRun.passing(Duration.ZERO));
        RunSummary summary;
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create();
                AdHocOrchestrator run = AdHocOrchestrator.builder(
                                List.of(TestCase.named("/passes"), TestCase.named("/fails")))
                        .on(systems)
                        .with(executors)
                        .into(results)
                        .reruns(RerunPolicy.maxReruns(1, Outcome.FAILED))
                        .listener(CiReport.of(out, onGithub()))
                        .build()) {
            summary = run.run();
        }
        assertThat(summary.problems()).isEmpty();
        assertThat(commands("error"))
                .singleElement()
                .satisfies(error -> assertThat(error.data()).startsWith("/fails failed: exit code 1"));
        assertThat(Files.readString(summary())).contains("#### `/fails` failed", "2 attempts: 1 failed; 2 failed");
    }
}
