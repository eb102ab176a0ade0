package org.atex.html;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.AttemptCause;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.api.TestSummary;
import org.atex.testkit.TestArtifacts;

/** Sends the events and results of a run at chosen times. */
final class SampleRun {
    static final Instant START = Instant.parse("2026-11-20T10:00:00Z");
    static final String ID = "run-of-a-sample";

    private final HtmlReport report;
    private final Path scratch;
    private long events;

    SampleRun(HtmlReport report, Path scratch) {
        this.report = report;
        this.scratch = scratch;
    }

    static SystemInfo system(String name, String arch) {
        return new SystemInfo(name, "podman", "host-of-" + name, Map.of("arch", arch, "memory", "4 GiB"));
    }

    RunEvent.Stamp stamp(int second) {
        return new RunEvent.Stamp(ID, ++events, START.plusSeconds(second));
    }

    void start(String platform, List<PlainTest> plan) {
        report.on(new RunEvent.RunStarted(stamp(0), plan, platform));
    }

    void ready(int second, SystemInfo system, int sinceAsked, int setup) {
        report.on(new RunEvent.SystemReady(
                stamp(second), system, Duration.ofSeconds(sinceAsked), Duration.ofSeconds(setup)));
    }

    void gone(int second, SystemInfo system, String why) {
        report.on(new RunEvent.SystemGone(stamp(second), system, why));
    }

    void started(int second, PlainTest test, SystemInfo system) {
        report.on(RunEvent.TestStarted.of(stamp(second), test, system));
    }

    void event(RunEvent event) {
        report.on(event);
    }

    void ingest(TestRecord record, Artifacts artifacts) {
        report.on(new RunEvent.TestFinished(stamp(0), record, Excerpt.none()));
        report.ingest(record, artifacts);
    }

    void end(int second, List<Problem> problems, TestRecord... last) {
        List<TestSummary> tests = new ArrayList<>();
        for (TestRecord record : last) {
            tests.add(TestSummary.of(record.test(), record.end(), List.of(record)));
        }
        report.on(new RunEvent.RunEnded(stamp(second), new RunSummary(tests, problems, Duration.ofSeconds(second))));
    }

    static TestRecord record(String platform, PlainTest test, TestEnd end, int second, int took, SystemInfo system) {
        return TestRecord.of(platform, test, end)
                .withTimes(START.plusSeconds(second), Duration.ofSeconds(took))
                .withSystem(system, 1);
    }

    TestArtifacts artifacts() throws IOException {
        return TestArtifacts.below(scratch);
    }

    /** Sends a run with an outcome of each kind on two systems: a failure, a flaky test, a lost system, one not run. */
    void sendAll() throws IOException {
        PlainTest dns = TestCase.named("/net/dns").withTag("network").withSource(new TestSource("net/dns.fmf", 7));
        PlainTest flaky = TestCase.named("/net/flaky").withTag("network").withTag("slow");
        PlainTest boot = TestCase.named("/kernel/boot").withTag("kernel").withExpected(Duration.ofMinutes(1));
        PlainTest ok = TestCase.named("/kernel/ok").withTag("kernel");
        PlainTest never = TestCase.named("/tape");
        SystemInfo one = system("alpha", "x86_64");
        SystemInfo two = system("beta", "aarch64");
        start("debian-12", List.of(dns, flaky, boot, ok, never));
        ready(10, one, 10, 4);
        ready(20, two, 20, 5);
        ingest(
                record("debian-12", dns, TestEnd.exited(3), 10, 30, one),
                artifacts()
                        .results("""
                                {"status":"pass","name":"resolves"}
                                {"status":"fail","name":"reverse","note":"no PTR record","files":["trace.txt"]}
                                {"status":"fail","files":["output.txt"]}
                                """)
                        .file("output.txt", "first line\n" + "x".repeat(200) + "\nthe last line\n")
                        .file("reverse/trace.txt", "y".repeat(100_000))
                        .file("core", new byte[] {1, 0, 2})
                        .artifacts());
        ingest(
                record("debian-12", flaky, TestEnd.of(Outcome.FAILED, "timing"), 20, 5, two)
                        .withAttempt(1, false),
                artifacts().file("output.txt", "raced\n").artifacts());
        ingest(
                record("debian-12", flaky, TestEnd.exited(0), 30, 6, two)
                        .withAttempt(2, true)
                        .withCause(AttemptCause.RERUN),
                artifacts().file("output.txt", "fine\n").artifacts());
        event(new RunEvent.Waiting(stamp(36), 1, "no system has a tape drive"));
        TestRecord lost = record("debian-12", boot, TestEnd.of(Outcome.LOST, "no answer for 60 s"), 40, 80, two);
        ingest(lost, Artifacts.none());
        gone(125, two, "it was lost");
        ingest(record("debian-12", ok, TestEnd.exited(0), 45, 2, one), Artifacts.none());
        TestRecord tape = TestRecord.notRun("debian-12", never, "no system has a tape drive");
        ingest(tape, Artifacts.none());
        gone(130, one, "");
        event(new RunEvent.SetupFailed(stamp(50), "gamma", "no route to host"));
        end(130, List.of(Problem.infrastructure("system gamma could not be set up")), lost, tape);
    }
}
