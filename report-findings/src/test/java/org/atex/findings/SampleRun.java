package org.atex.findings;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.api.AttemptCause;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.ReportedResult;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.RunSummary;
import org.atex.api.Status;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.api.TestSummary;

/** Sends the events of a run to a listener. */
final class SampleRun {
    static final Instant START = Instant.parse("2026-11-20T10:00:00Z");
    static final String ID = "run-of-a-sample";
    static final SystemInfo SYSTEM = SystemInfo.named("host-3");

    private final RunListener listener;
    private final List<TestSummary> tests = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private long events;

    SampleRun(RunListener listener) {
        this.listener = listener;
    }

    private RunEvent.Stamp stamp() {
        return new RunEvent.Stamp(ID, ++events, START.plusSeconds(events));
    }

    SampleRun start(PlainTest... plan) {
        listener.on(new RunEvent.RunStarted(stamp(), List.of(plan), "fedora"));
        return this;
    }

    static TestRecord record(PlainTest test, TestEnd end) {
        return TestRecord.of("fedora", test, end)
                .withTimes(START.plusSeconds(1), Duration.ofMillis(1500))
                .withSystem(SYSTEM, 1);
    }

    /** Adds a test with one attempt. */
    SampleRun test(PlainTest test, TestEnd end, Excerpt excerpt) {
        return test(List.of(record(test, end)), excerpt);
    }

    /** Adds a test with these attempts; those before the last one have an excerpt, too. */
    SampleRun test(List<TestRecord> attempts, Excerpt excerpt) {
        TestRecord last = attempts.getLast();
        for (TestRecord record : attempts) {
            boolean isPassed = record.end().outcome() == Outcome.PASSED;
            listener.on(new RunEvent.TestFinished(stamp(), record, isPassed ? Excerpt.none() : excerpt));
        }
        boolean isPassed = last.end().outcome() == Outcome.PASSED;
        tests.add(TestSummary.of(last.test(), last.end(), last.attempt() == 0 ? List.of() : attempts)
                .withExcerpt(isPassed ? Excerpt.none() : excerpt));
        return this;
    }

    SampleRun problem(Problem problem) {
        problems.add(problem);
        return this;
    }

    void end() {
        listener.on(new RunEvent.RunEnded(stamp(), new RunSummary(tests, problems, Duration.ofSeconds(83))));
    }

    static Excerpt excerpt(String... lines) {
        ReportedResult part =
                ReportedResult.of(Status.FAIL, "no PTR record", List.of()).withName("reverse");
        return new Excerpt(List.of(part), List.of(lines));
    }

    /** Sends a run with outcomes of each kind, without its end. */
    SampleRun sendAll() {
        PlainTest dns = TestCase.named("/net/dns").withSource(new TestSource("net/dns.fmf", 7));
        PlainTest flaky = TestCase.named("/net/flaky");
        PlainTest boot = TestCase.named("/kernel/boot");
        PlainTest ok = TestCase.named("/kernel/ok");
        PlainTest tape = TestCase.named("/tape");
        PlainTest reel = TestCase.named("/reel");
        start(dns, flaky, boot, ok, tape, reel);
        test(boot, TestEnd.of(Outcome.LOST, "no answer for 60 s"), Excerpt.none());
        test(dns, TestEnd.exited(3), excerpt("first", "the last line"));
        test(
                List.of(
                        record(flaky, TestEnd.of(Outcome.FAILED, "timing")).withAttempt(1, false),
                        record(flaky, TestEnd.exited(0)).withAttempt(2, true).withCause(AttemptCause.RERUN)),
                excerpt("raced"));
        test(ok, TestEnd.exited(0), Excerpt.none());
        test(List.of(TestRecord.notRun("fedora", tape, "no system has a tape drive")), Excerpt.none());
        test(List.of(TestRecord.notRun("fedora", reel, "no system has a tape drive")), Excerpt.none());
        return problem(Problem.infrastructure("system gamma could not be set up"));
    }

    static Findings findings(FindingsOptions options) {
        FindingsCollector collector = FindingsCollector.of(options);
        new SampleRun(collector).sendAll().end();
        return collector.findings().orElseThrow();
    }

    /** Returns findings of a run in which each test fails. */
    static Findings failing(FindingsOptions options, int count, String name, Excerpt excerpt) {
        FindingsCollector collector = FindingsCollector.of(options);
        SampleRun run = new SampleRun(collector).start();
        IntStream.range(0, count)
                .forEach(i -> run.test(
                        TestCase.named(name + i), TestEnd.of(Outcome.FAILED, "reason " + i + " " + name), excerpt));
        run.end();
        return collector.findings().orElseThrow();
    }
}
