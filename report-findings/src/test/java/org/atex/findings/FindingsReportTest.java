package org.atex.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.api.AggregationException;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.artifacts.PastRun;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** The files are complete, whichever way a run ends. */
@Timeout(300)
@ExtendWith(LeakCheck.class)
class FindingsReportTest {
    @TempDir
    private Path directory;

    private Path out() {
        return directory.resolve("out");
    }

    private JsonNode json() throws IOException {
        return new ObjectMapper().readTree(Files.readString(out().resolve("findings.json")));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(out())) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void filesAreWrittenAtTheStartAndAtTheEnd() throws IOException {
        try (FindingsReport report = FindingsReport.open(out())) {
            assertThat(names()).isEmpty();
            SampleRun run = new SampleRun(report).start(TestCase.named("/t"));
            assertThat(json().get("ended").asBoolean()).isFalse();
            assertThat(json().get("tests").asInt()).isEqualTo(1);
            run.test(TestCase.named("/t"), TestEnd.exited(1), Excerpt.none()).end();
            assertThat(json().get("ended").asBoolean()).isTrue();
            assertThat(json().at("/failed/0/test").asString()).isEqualTo("/t");
        }
        assertThat(names()).as("nothing temporary is left").containsExactly("findings.json", "findings.md");
        Path other = Files.createFile(directory.resolve("other"));
        assertThat(Files.getPosixFilePermissions(out().resolve("findings.json")))
                .as("those who may read other files may read the findings")
                .isEqualTo(Files.getPosixFilePermissions(other));
    }

    @Test
    void closingARunThatHasNotEndedWritesItsTests() throws IOException {
        try (FindingsReport report = FindingsReport.open(out())) {
            new SampleRun(report)
                    .start(TestCase.named("/t"), TestCase.named("/u"))
                    .test(TestCase.named("/t"), TestEnd.exited(1), Excerpt.none());
        }
        assertThat(json().get("ended").asBoolean()).isFalse();
        assertThat(json().at("/failed/0/test").asString()).isEqualTo("/t");
        assertThat(Files.readString(out().resolve("findings.md"))).contains("**The run has not ended**");
    }

    @Test
    void findingsOfAnEarlierRunAreDeleted() throws IOException {
        Files.createDirectories(out());
        Files.writeString(out().resolve("findings.json"), "old");
        Files.writeString(out().resolve("findings.md"), "old");
        try (FindingsReport report = FindingsReport.open(out())) {
            assertThat(names())
                    .as("the program may end before a run of %s starts", report)
                    .isEmpty();
        }
    }

    @Test
    void failedWriteIsNoFailureOfTheRun() throws IOException {
        FindingsReport report = FindingsReport.open(out());
        SampleRun run = new SampleRun(report);
        Files.delete(out());
        Files.writeString(out(), "a file is in the way");
        assertThatCode(() -> run.sendAll().end()).doesNotThrowAnyException();
        assertThatThrownBy(report::close)
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("could not write the findings of the run run-of-a-sample to " + out());
        assertThatCode(report::close).as("closed a second time").doesNotThrowAnyException();
        assertThatThrownBy(() -> FindingsReport.open(out()))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("could not open " + out());
    }

    @Test
    void failedWriteIsTriedAgain() throws IOException {
        FindingsReport report = FindingsReport.open(out());
        Files.delete(out());
        Files.writeString(out(), "a file is in the way");
        new SampleRun(report).sendAll().end();
        Files.delete(out());
        report.close();
        assertThat(json().get("ended").asBoolean()).isTrue();
    }

    /** Reads the files all the time while they are written. */
    @Test
    void readersNeverSeeAHalfFile() throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        Findings findings = SampleRun.failing(FindingsOptions.defaults(), 500, "/t", SampleRun.excerpt("x"));
        findings.write(out());
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 50; i++) {
                findings.write(out());
            }
            isOver.set(true);
        });
        int reads = 0;
        while (!isOver.get()) {
            assertThat(json().at("/again/count").asInt()).isEqualTo(500);
            assertThat(Files.readString(out().resolve("findings.md"))).endsWith("to run only these again.\n");
            reads++;
        }
        writer.join();
        assertThat(reads).isPositive();
    }

    private RunSummary run(FakeExecutors executors, Stop stop) throws Exception {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                RecordingAggregator results = RecordingAggregator.create();
                FindingsReport findings = FindingsReport.open(out());
                AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(TestCase.named("/a"), TestCase.named("/b")))
                        .on(systems)
                        .with(executors)
                        .into(results)
                        .listener(findings)
                        .build()) {
            Thread stopping = Thread.ofVirtual().start(() -> {
                while (executors.started().isEmpty()) {
                    Thread.onSpinWait();
                }
                run.stop(stop, "enough");
            });
            RunSummary summary = run.run();
            stopping.join();
            return summary;
        }
    }

    @Test
    void cancelledRunHasFindings() throws Exception {
        run(FakeExecutors.running(test -> FakeRun.endless()), Stop.CANCEL);
        JsonNode json = json();
        assertThat(json.get("ended").asBoolean()).isTrue();
        assertThat(json.get("verdict").asString()).isEqualTo("INCOMPLETE");
        assertThat(json.get("notRun")
                        .valueStream()
                        .mapToInt(group -> group.get("count").asInt())
                        .sum())
                .isEqualTo(2);
        assertThat(json.at("/again/count").asInt()).isEqualTo(2);
    }

    @Test
    void resumedRunHasTheFindingsOfTheKilledProgram() throws Exception {
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledProgram.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = program.inputReader()) {
            assertThat(output.readLine()).isEqualTo("a result is stored");
        } finally {
            program.destroyForcibly();
            program.waitFor();
        }
        assertThat(json().get("ended").asBoolean()).as("the killed program").isFalse();
        PastRun killed = PastRun.latest(directory.resolve("runs")).orElseThrow();
        assertThat(Findings.of(killed).hasEnded()).isFalse();
        assertThat(Findings.of(killed).failed()).extracting(FailedTest::name).contains("/fails");

        Files.createFile(directory.resolve("go"));
        RunSummary summary = KilledProgram.run(directory);

        assertThat(summary.exitCode()).isEqualTo(1);
        JsonNode json = json();
        assertThat(json.get("ended").asBoolean()).isTrue();
        assertThat(json.at("/run/id").asString()).isEqualTo(killed.id());
        assertThat(json.get("counts").toString()).isEqualTo("{\"passed\":1,\"failed\":1,\"flaky\":0,\"known\":0}");
        assertThat(json.get("failed")).hasSize(1);
        JsonNode failed = json.at("/failed/0");
        assertThat(failed.get("lastLines").toString())
                .as("the output of a test of the killed program")
                .isEqualTo("[\"the disk is full\"]");
        assertThat(Path.of(failed.get("files").asString())).isDirectoryContaining("glob:**output.txt");
        assertThat(failed.at("/attempts/0/outcome").asString()).isEqualTo("failed");
        assertThat(PastRun.latest(directory.resolve("runs")).orElseThrow().notPassed(KilledProgram.tests(directory)))
                .extracting(TestCase::name)
                .containsExactly("/fails");
    }

    @Test
    void eventsAfterTheEndAreIgnored() throws IOException {
        FindingsReport report = FindingsReport.open(out());
        SampleRun run = new SampleRun(report).sendAll();
        run.end();
        report.close();
        String before = Files.readString(out().resolve("findings.json"));
        report.on(new RunEvent.RunStarted(
                new RunEvent.Stamp("other", 1, SampleRun.START), List.of(TestCase.named("/x")), "fedora"));
        report.on(new RunEvent.TestFinished(
                new RunEvent.Stamp("other", 2, SampleRun.START),
                SampleRun.record(TestCase.named("/x"), TestEnd.of(Outcome.FAILED, null)),
                Excerpt.none()));
        assertThat(Files.readString(out().resolve("findings.json"))).isEqualTo(before);
    }
}
