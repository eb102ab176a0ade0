package org.atex.html;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.AggregationException;
import org.atex.api.Artifacts;
import org.atex.api.PlainTest;
import org.atex.api.RunEvent;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.ReportFiles;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.atex.lab.Logs;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(180)
@ExtendWith(LeakCheck.class)
class HtmlReportTest {
    @TempDir
    Path directory;

    private Path page;

    @BeforeEach
    void page() {
        page = directory.resolve("report.html");
    }

    private static TestRecord record(String test, int exitCode) {
        return TestRecord.of("here", test, TestEnd.exited(exitCode));
    }

    private Artifacts output(String text) throws Exception {
        return TestArtifacts.below(directory).file("output.txt", text).artifacts();
    }

    private List<String> files() throws Exception {
        try (Stream<Path> all = Files.list(directory)) {
            return all.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** Leaves the files of a report as a killed program does. */
    private void leaveUnclosed() throws Exception {
        Path files = directory.resolve("report-files");
        Path kept = directory.resolve("kept");
        try (HtmlReport report = HtmlReport.open(page, HtmlOptions.defaults().withMaxFileBytes(10))) {
            report.ingest(record("/one", 1), output("more than ten bytes"));
            Files.copy(directory.resolve("report.html.journal"), kept);
        }
        Files.move(kept, directory.resolve("report.html.journal"));
        Files.writeString(page, "an old page");
        Files.createFile(directory.resolve("report.html.lock"));
        assertThat(files).isDirectory();
    }

    @Test
    void closedReportIsOneFile() throws Exception {
        try (HtmlReport report = HtmlReport.open(page)) {
            report.ingest(record("/passes", 0), output("fine\n"));
            report.ingest(record("/fails", 1), output("broken\n"));
            assertThat(files()).contains("report.html", "report.html.journal", "report.html.lock");
        }

        assertThat(files()).containsExactly("report.html");
        Written written = Written.read(page);
        assertThat(written.attempts()).containsExactly("/passes", "/fails");
        assertThat(written.now().has("l")).as("the page is live").isFalse();
        JsonNode passed = written.of("a").get(0);
        assertThat(passed.has("f")).as("files of a test that passed").isFalse();
        assertThat(passed.path("z").asInt()).as("files that are not kept").isEqualTo(1);
        assertThat(written.of("a").get(1).path("f").get(0).path("t").asString()).isEqualTo("broken\n");
    }

    @Test
    void policyOfThePageAllowsItsOwnScriptAndStyleOnly() throws Exception {
        HtmlReport.open(page).close();

        assertThat(Written.read(page).html())
                .containsPattern(
                        "default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; img-src data:;")
                .doesNotContain("unsafe", "http:", "https:", " style=", "innerHTML", "eval(");
    }

    @Test
    void textOfATestCannotEndTheData() throws Exception {
        String odd = "</script><!-- & \u2028 \u202e \ud800 \u0000 ä";
        try (HtmlReport report = HtmlReport.open(page)) {
            report.ingest(record(odd, 1), output(odd));
        }

        Written written = Written.read(page);
        assertThat(written.attempts()).containsExactly(odd);
        assertThat(written.html().split("</script>", -1)).as("ends of scripts").hasSize(3);
        assertThat(written.html()).doesNotContain("\u2028", "\u202e", "<!--");
    }

    @Test
    void filesOfPassedAttemptsAreKeptOnRequest() throws Exception {
        try (HtmlReport report = HtmlReport.open(page, HtmlOptions.defaults().withFilesOfPassed())) {
            report.ingest(record("/passes", 0), output("fine\n"));
        }

        assertThat(Written.read(page)
                        .of("a")
                        .getFirst()
                        .path("f")
                        .get(0)
                        .path("t")
                        .asString())
                .isEqualTo("fine\n");
    }

    @Test
    void outputBeyondTheLimitIsStoredBesideThePage() throws Exception {
        HtmlOptions options = HtmlOptions.defaults().withMaxTextBytes(20);
        try (HtmlReport report = HtmlReport.open(page, options)) {
            report.ingest(record("/fits", 1), output("ten bytes\n"));
            report.ingest(record("/next", 1), output("ten more bytes\n"));
        }

        List<JsonNode> attempts = Written.read(page).of("a");
        JsonNode stored = attempts.get(1).path("f").get(0);
        assertThat(attempts.get(1).has("e")).as("last lines beyond the limit").isFalse();
        assertThat(directory.resolve("report-files").resolve(stored.path("h").asString()))
                .hasContent("ten more bytes");
    }

    @Test
    void symbolicLinksAreNotFollowed() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "a secret");
        Artifacts artifacts = output("fine");
        Files.createSymbolicLink(artifacts.files().resolve("link"), secret);
        Files.createSymbolicLink(artifacts.files().resolve("directory"), directory);
        try (HtmlReport report = HtmlReport.open(page)) {
            report.ingest(record("/links", 1), artifacts);
        }

        assertThat(Written.read(page).html()).doesNotContain("a secret").contains("not a readable regular file");
    }

    @Test
    void otherContentIsNotReplaced() throws Exception {
        Files.writeString(page, "mine");
        assertThatThrownBy(() -> HtmlReport.open(page))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("report.html")
                .hasMessageContaining("it is not empty; choose another file");
        assertThat(page).hasContent("mine");

        Files.delete(page);
        Files.createDirectory(directory.resolve("report-files"));
        assertThatThrownBy(() -> HtmlReport.open(page))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("report-files exists");
    }

    @Test
    void onlyOneReportWritesAPage() throws Exception {
        try (HtmlReport report = HtmlReport.open(page)) {
            assertThatThrownBy(() -> HtmlReport.open(page))
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining("this program already writes it");
            report.ingest(record("/test", 0), Artifacts.none());
        }
        assertThat(Written.read(page).attempts()).containsExactly("/test");
    }

    @Test
    void unclosedPageIsCompletedAndRenamedWithItsFiles() throws Exception {
        leaveUnclosed();
        try (Logs logs = new Logs()) {
            HtmlReport.open(page).close();
            assertThat(logs.messages(Level.WARN))
                    .singleElement()
                    .asString()
                    .contains("was not closed", "report.1.html");
        }

        assertThat(files()).containsExactly("report.1-files", "report.1.html", "report.html");
        Written old = Written.read(directory.resolve("report.1.html"));
        assertThat(old.attempts()).containsExactly("/one");
        assertThat(old.now().path("f").asString()).isEqualTo("report.1-files");
        assertThat(Written.read(page).attempts()).isEmpty();
    }

    @Test
    void unclosedPageIsCompletedInPlace() throws Exception {
        leaveUnclosed();
        Path journal = directory.resolve("report.html.journal");
        Files.writeString(journal, "{\"k\":\"a\",\"i\":0,", StandardOpenOption.APPEND);

        assertThat(HtmlReport.recover(page)).isTrue();

        assertThat(Written.read(page).attempts()).containsExactly("/one");
        assertThat(journal).exists();
        assertThat(HtmlReport.recover(directory.resolve("other.html"))).isFalse();
    }

    @Test
    void damagedJournalIsRefusedWithItsLine() throws Exception {
        for (String bad : List.of("<script>", "{\"k\":\"a\"", "{\"k\":\"t\",\"n\":\"</script>\"}", "{\"x\":1}", "[]")) {
            Files.writeString(directory.resolve("report.html.journal"), "{\"k\":\"t\",\"i\":0}\n" + bad + "\n");
            assertThatThrownBy(() -> HtmlReport.recover(page))
                    .as(bad)
                    .isInstanceOf(AggregationException.class)
                    .hasMessageContaining("line 2 of");
        }
        assertThat(page).doesNotExist();
    }

    @Test
    void aRealRunIsWrittenWithItsSystemsAndAgainFromItsDirectory() throws Exception {
        List<TestCase> tests = List.of(TestCase.named("/good"), TestCase.named("/bad"), TestCase.named("/flaky"));
        Path runs = directory.resolve("runs");
        FakeExecutors executors = FakeExecutors.running(Map.of("/bad", FakeRun.failing(Duration.ZERO)));
        try (HtmlReport report = HtmlReport.open(page);
                FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready().withLabels(Map.of("arch", "x86_64")));
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(executors)
                        .into(report)
                        .listener(report)
                        .reruns(RerunPolicy.maxReruns(1))
                        .keep(runs)
                        .build()) {
            assertThat(run.run().exitCode()).isEqualTo(1);
        }

        Written live = Written.read(page);
        assertThat(live.attempts()).containsExactlyInAnyOrder("/good", "/bad", "/bad", "/flaky");
        assertThat(live.of("r")).hasSize(1);
        assertThat(live.of("z").getFirst().path("v").asString()).isEqualTo("FAILED");
        assertThat(live.of("y").getFirst().path("l").path("arch").asString()).isEqualTo("x86_64");
        assertThat(live.of("e").stream().map(event -> event.path("y").asString()))
                .contains("asked", "ready", "gone");
        assertThat(live.now().has("u")).as("running tests after the end").isFalse();

        Path again = directory.resolve("again.html");
        PastRun past = PastRun.latest(runs).orElseThrow();
        HtmlReport.write(past, again);
        HtmlReport.write(past, again, HtmlOptions.defaults().withTitle("again"));
        Written written = Written.read(again);
        assertThat(written.attempts()).containsExactlyInAnyOrderElementsOf(live.attempts());
        assertThat(written.of("z").getFirst().path("v").asString()).isEqualTo("FAILED");
        assertThat(written.now().path("n").asString()).isEqualTo("again");
        assertThat(files()).doesNotContain("again.html.lock");
    }

    @Test
    void pageHasTheOutputOfRunningTests() throws Exception {
        Artifacts artifacts = output("first\n");
        PlainTest test = TestCase.named("/test");
        try (HtmlReport report = HtmlReport.open(page)) {
            SampleRun run = new SampleRun(report, directory);
            run.start("here", List.of(test));
            run.event(RunEvent.TestStarted.of(run.stamp(1), test, SampleRun.system("alpha", "x86_64"))
                    .withArtifacts(artifacts));
            report.flush();
            assertThat(running()).isEqualTo("[\"first\"]");

            FileTime before = Files.getLastModifiedTime(page);
            report.flush();
            assertThat(Files.getLastModifiedTime(page))
                    .as("nothing has changed")
                    .isEqualTo(before);
            Files.writeString(artifacts.files().resolve("output.txt"), "second\n", StandardOpenOption.APPEND);
            run.event(new RunEvent.Heartbeat(run.stamp(2)));
            report.flush();
            assertThat(running()).isEqualTo("[\"first\",\"second\"]");

            run.ingest(record("/test", 1), artifacts);
            report.flush();
            assertThat(Written.read(page).now().has("u")).isFalse();
        }
    }

    private String running() throws Exception {
        return Written.read(page).now().path("u").get(0).path("e").toString();
    }

    @Test
    void pageOfAKeptRunHasItsPartsAndFiles() throws Exception {
        Path runs = directory.resolve("runs");
        TestCase test = TestCase.named("/bad");
        TestRecord record = TestRecord.of("p", test, TestEnd.exited(1));
        Spool spool = Spool.keep(runs, "1", "p", List.of(), List.of(TestCase.named("/bad")), true);
        SpooledAttempt attempt = spool.next();
        Files.createDirectories(attempt.artifacts().files());
        Files.writeString(attempt.artifacts().files().resolve("output.txt"), "last words\n");
        Files.write(attempt.artifacts().files().resolve("core"), new byte[100]);
        Files.writeString(attempt.artifacts().results(), "{\"name\": \"part\", \"status\": \"fail\"}\n");
        attempt.write(SpooledAttempt.State.RUNNING, record);
        attempt.stored(record);
        spool.close();
        PastRun past = PastRun.latest(runs).orElseThrow();
        for (int i = 0; i < 2; i++) {
            HtmlReport.write(past, page);
            assertThat(Files.readString(page)).contains("last words", "part");
            assertThat(ReportFiles.beside(page).resolve("1/1-core.bin")).hasSize(100);
        }
        assertThat(past.artifacts(past.attempts().get(0)).files()).isDirectoryContaining("glob:**core");
    }

    @Test
    void aTestOfAKeptRunWithoutARecordIsIncomplete() throws Exception {
        Path run = Files.createDirectories(directory.resolve("runs/run-1"));
        Files.writeString(
                run.resolve("journal.jsonl"),
                "{\"run\":\"1\",\"aggregators\":[],\"started\":\"2026-11-20T10:00:00Z\"}\n"
                        + "{\"planned\":{\"name\":\"/killed\"}}\n");
        HtmlReport.write(PastRun.read(run), page);

        Written written = Written.read(page);
        assertThat(written.of("t")).hasSize(1);
        assertThat(written.of("z").getFirst().path("v").asString()).isEqualTo("INCOMPLETE");
    }

    @Test
    void optionsRejectInvalidValues() {
        HtmlOptions options = HtmlOptions.defaults();
        assertThatThrownBy(() -> options.withMaxFileBytes(-1)).hasMessageContaining("-1 bytes");
        assertThatThrownBy(() -> options.withMaxTextBytes(-2)).hasMessageContaining("-2 bytes");
        assertThatThrownBy(() -> options.withPause(Duration.ofMillis(99))).hasMessageContaining("PT0.099S");
    }
}
