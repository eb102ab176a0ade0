package org.atex.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.local.LocalConnection;
import org.atex.support.UninterruptibleSection;
import org.atex.testkit.Call;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakCheck.class)
@Timeout(300)
class ScenarioExecutorTest {
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofHours(1);

    @TempDir
    Path here;

    private Attempt run(Scenario scenario) throws Exception {
        return Attempt.local(scenario, here);
    }

    private static Action failing(String message) {
        return occurrence -> {
            throw new IllegalStateException(message);
        };
    }

    @Test
    void eventsAtTheStartRunInTheirOrderOnThreadsOfTheirOwn() throws Exception {
        CountDownLatch all = new CountDownLatch(3);
        Action meet = occurrence -> {
            all.countDown();
            all.await();
        };
        Attempt attempt = run(Scenario.of(
                "/start", SHORT, Event.atStart("a", meet), Event.atStart("b", meet), Event.atStart("c", meet)));

        assertThat(attempt.end()).isEqualTo(new TestEnd(Outcome.PASSED, null, null, true));
        assertThat(attempt.parts()).containsExactly("a", "b", "c", null);
        assertThat(attempt.part("a").status()).isEqualTo(Status.PASS);
        assertThat(attempt.count("a", "occurrences")).isEqualTo(1);
    }

    @Test
    void occurrencesAreNumberedByTheirTimes() throws Exception {
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        Action note = occurrence -> {
            seen.add(occurrence.event() + occurrence.number() + (occurrence.isAtEnd() ? " at end" : ""));
            if (occurrence.number() == 2) {
                occurrence.killSwitch().pull("enough");
            }
        };
        Attempt attempt = run(Scenario.of(
                "/numbers",
                LONG,
                Event.every("late", Duration.ofMillis(20), note)
                        .withAtStart(false)
                        .withAtEnd(true)
                        .withOverlap(Overlap.QUEUE),
                Event.atEnd("end", note)));

        assertThat(seen).startsWith("late1", "late2").contains("end0 at end");
        assertThat(attempt.end().note()).isEqualTo("the kill switch was pulled: enough");
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.FAILED);
    }

    @Test
    void manyOccurrencesAreOnePart() throws Exception {
        Attempt attempt = run(Scenario.of(
                "/many",
                Duration.ofSeconds(1),
                Event.every("tick", Duration.ofMillis(1), occurrence -> {}).withMaxParallel(50)));

        assertThat(attempt.parts()).containsExactly("tick", null);
        assertThat(attempt.count("tick", "occurrences") + attempt.count("tick", "skipped"))
                .as("every occurrence ran or is counted as skipped")
                .isEqualTo(1000);
        assertThat(attempt.part("tick").more().get("seconds")).asString().contains("min", "median", "max");
        assertThat(attempt.part("tick").note()).contains("occurrences", "median");
    }

    @Test
    void failedOccurrencesHaveAPartUpToALimit() throws Exception {
        Attempt attempt = run(Scenario.of(
                "/failures",
                Duration.ofSeconds(1),
                Event.every("bad", Duration.ofMillis(1), failing("broken\nindeed"))
                        .withMaxParallel(50)));

        long failures = attempt.count("bad", "failures");
        assertThat(failures).isEqualTo(attempt.count("bad", "occurrences"));
        assertThat(attempt.parts()).hasSize((int) Math.min(failures, EventTally.MAX_PARTS) + 2);
        ReportedResult first = attempt.results().getFirst();
        assertThat(first.name()).matches("bad#\\d+");
        assertThat(first.status()).isEqualTo(Status.FAIL);
        assertThat(first.note()).isEqualTo("java.lang.IllegalStateException: broken indeed");
        assertThat(attempt.file(first.name() + "/stacktrace.txt")).contains("broken\nindeed", "ScenarioExecutorTest");
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(attempt.end().note()).startsWith(failures + " occurrence").contains("bad#", "broken indeed");
    }

    @ParameterizedTest
    @EnumSource
    void onFailureDecides(OnFailure onFailure) throws Exception {
        Duration duration = onFailure == OnFailure.STOP ? LONG : SHORT;
        Attempt attempt = run(
                Scenario.of("/x", duration, Event.atStart("bad", failing("no")).withOnFailure(onFailure)));

        boolean report = onFailure == OnFailure.REPORT;
        assertThat(attempt.end().outcome()).isEqualTo(report ? Outcome.PASSED : Outcome.FAILED);
        assertThat(attempt.part("bad#0").status()).isEqualTo(report ? Status.INFO : Status.FAIL);
        assertThat(attempt.part("bad").status()).isEqualTo(report ? Status.INFO : Status.FAIL);
        if (onFailure == OnFailure.STOP) {
            assertThat(attempt.end().note()).contains("kill switch", "bad#0 failed", "no");
        }
    }

    @Test
    void errorsOfActionsAreFailures() throws Exception {
        Attempt attempt = run(Scenario.of(
                "/x",
                SHORT,
                Event.atStart("deep", occurrence -> {
                    throw new StackOverflowError("deep");
                }),
                Event.atStart("hostile", occurrence -> {
                    throw new IllegalStateException() {
                        private static final long serialVersionUID = 1L;

                        @Override
                        public String toString() {
                            throw new IllegalStateException("no text");
                        }
                    };
                })));
        assertThat(attempt.part("deep#0").note()).contains("StackOverflowError", "deep");
        assertThat(attempt.part("hostile#0").note()).contains("ScenarioExecutorTest");
    }

    @Test
    void pullFromManyThreadsEndsTheScenarioOnce() throws Exception {
        Attempt attempt = run(Scenario.of("/pull", LONG, Event.atStart("pullers", occurrence -> {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String reason = "reason " + i;
                threads.add(
                        Thread.ofVirtual().start(() -> occurrence.killSwitch().pull(reason)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(occurrence.killSwitch().pulled()).isTrue();
        })));
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(attempt.end().note()).matches("the kill switch was pulled: reason \\d");
    }

    @Test
    void theSwitchEndsTheScenarioWithin100MsWhateverTheIntervals() throws Exception {
        long best = Long.MAX_VALUE;
        try (LocalConnection connection = LocalConnection.open()) {
            // The best of several, because other programs may use the machine.
            for (int i = 0; i < 20 && best > 100; i++) {
                long[] pulled = new long[1];
                Attempt.on(
                        connection,
                        Scenario.of(
                                "/kill",
                                LONG,
                                Event.every(
                                        "slow",
                                        Duration.ofMinutes(10),
                                        occurrence -> occurrence.killSwitch().await(LONG)),
                                Event.atStart("killer", occurrence -> {
                                    pulled[0] = System.nanoTime();
                                    occurrence.killSwitch().pull("now");
                                })),
                        here);
                best = Math.min(
                        best, Duration.ofNanos(System.nanoTime() - pulled[0]).toMillis());
            }
        }
        assertThat(best).isLessThanOrEqualTo(100);
    }

    @Test
    void occurrencesThatIgnoreTheSwitchAreInterruptedAfterTheGracePeriod() throws Exception {
        AtomicBoolean interrupted = new AtomicBoolean();
        Attempt attempt = run(Scenario.of(
                        "/grace",
                        SHORT,
                        Event.atStart("deaf", occurrence -> {
                            try {
                                Thread.sleep(LONG);
                            } catch (InterruptedException e) {
                                interrupted.set(true);
                            }
                        }),
                        Event.atStart("polite", occurrence -> {
                            assertThat(occurrence.killSwitch().await(LONG)).isTrue();
                        }))
                .withGracePeriod(Duration.ofMillis(200)));

        assertThat(interrupted).isTrue();
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(attempt.part("deaf#0").note()).contains("grace period of 0.2s", "interrupted");
        assertThat(attempt.part("polite").status()).isEqualTo(Status.PASS);
    }

    @Test
    void anOccurrenceThatIgnoresInterruptsIsAbandoned() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<Thread> thread = new AtomicReference<>();
        LinkedBlockingQueue<Throwable> refused = new LinkedBlockingQueue<>();
        AtomicBoolean ended = new AtomicBoolean();
        Attempt attempt = run(Scenario.of(
                        "/stubborn",
                        SHORT,
                        Event.atStart("stone", occurrence -> {
                            thread.set(Thread.currentThread());
                            try (UninterruptibleSection section = UninterruptibleSection.enter()) {
                                section.await(release);
                            }
                            refused.add(catchThrowable(() -> occurrence.report(Status.PASS, "late", null)));
                            refused.add(
                                    catchThrowable(() -> occurrence.killSwitch().pull("late")));
                            refused.add(
                                    catchThrowable(() -> occurrence.connection().run(Command.of("true"))));
                        }),
                        Event.atEnd("last", occurrence -> {
                            assertThat(occurrence.killSwitch().pulled()).isFalse();
                            ended.set(true);
                        }))
                .withGracePeriod(Duration.ZERO));

        assertThat(attempt.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(attempt.end().note())
                .contains("1 occurrence ignores", "stone#0", thread.get().getName());
        assertThat(thread.get().getName()).isEqualTo("atex-scenario-/stubborn-stone#0");
        assertThat(attempt.part("stone#0").status()).isEqualTo(Status.ERROR);
        assertThat(attempt.count("stone", "abandoned")).isEqualTo(1);
        assertThat(ended).as("events at the end run").isTrue();

        List<ReportedResult> before = attempt.results();
        release.countDown();
        thread.get().join();
        assertThat(refused).hasSize(3).allSatisfy(e -> assertThat(e).isInstanceOf(IllegalStateException.class));
        assertThat(refused.element()).hasMessageContaining("late").hasMessageContaining("/stubborn");
        assertThat(attempt.results()).isEqualTo(before);
    }

    @Test
    void anInterruptedRunDoesNotWaitLongForOccurrencesThatIgnoreInterrupts() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch started = new CountDownLatch(1);
        Artifacts into = Artifacts.at(Files.createDirectory(here.resolve("into")));
        try (LocalConnection connection = LocalConnection.open();
                Executor executor = ScenarioExecutor.factory().open(connection)) {
            Scenario scenario = Scenario.of("/stubborn", LONG, Event.atStart("stone", occurrence -> {
                started.countDown();
                try (UninterruptibleSection section = UninterruptibleSection.enter()) {
                    section.await(release);
                }
            }));
            Call<TestEnd> call = Call.of(() -> executor.run(scenario, into));
            started.await();
            assertThat(call.interrupt().failure()).isInstanceOf(InterruptedException.class);
        } finally {
            release.countDown();
        }
        assertThat(Attempt.results(into).getLast().status()).isEqualTo(Status.INFRA);
        assertThat(Attempt.results(into).getLast().note()).contains("interrupt", "stone#0", "atex-scenario-/stubborn");
    }

    @Test
    void eventsAtTheEndHaveASwitchAndALimitOfTheirOwn() throws Exception {
        Attempt attempt = run(Scenario.of(
                        "/end",
                        SHORT,
                        Event.atEnd("slow", occurrence -> {
                            assertThat(occurrence.killSwitch().pulled()).isFalse();
                            assertThat(occurrence.killSwitch().await(LONG)).isTrue();
                        }),
                        Event.atEnd("sleeps", occurrence -> Thread.sleep(LONG)))
                .withEndLimit(Duration.ofMillis(200)));

        assertThat(attempt.end().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(attempt.part("sleeps#end").note()).contains("limit of 0.2s", "interrupted");
    }

    @Test
    void aPullOfAnEarlierSwitchDoesNotEndEventsAtTheEnd() throws Exception {
        CountDownLatch atEnd = new CountDownLatch(1);
        AtomicReference<Thread> late = new AtomicReference<>();
        Attempt attempt = run(Scenario.of(
                "/late",
                SHORT,
                Event.atStart(
                        "leaves a thread",
                        occurrence -> late.set(Thread.ofVirtual().start(() -> {
                            try {
                                atEnd.await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                            occurrence.killSwitch().pull("late");
                        }))),
                Event.atEnd("last", occurrence -> {
                    atEnd.countDown();
                    late.get().join();
                    assertThat(occurrence.killSwitch().await(SHORT)).isFalse();
                })));
        assertThat(attempt.part("last").status()).isEqualTo(Status.PASS);
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.FAILED);
        assertThat(attempt.end().note()).contains("late");
    }

    @Test
    void reportsAreWrittenAtOnceAndDecide() throws Exception {
        Artifacts into = Artifacts.at(Files.createDirectory(here.resolve("into")));
        try (LocalConnection connection = LocalConnection.open();
                Executor executor = ScenarioExecutor.factory().open(connection)) {
            TestEnd end = executor.run(
                    Scenario.of("/report", SHORT, Event.atStart("reporter", occurrence -> {
                        occurrence.report(Status.INFO, "first", "as it happens");
                        assertThat(Attempt.results(into)).hasSize(1);
                        Thread other =
                                Thread.ofVirtual().start(() -> occurrence.report(Status.WARN, "sub/second", null));
                        other.join();
                        assertThatThrownBy(() -> occurrence.report(Status.PASS, " ", null))
                                .isInstanceOf(IllegalArgumentException.class);
                    })),
                    into);
            assertThat(end.outcome()).as("a part with the status warn").isEqualTo(Outcome.FAILED);
            assertThat(end.note()).contains("reported");
        }
        assertThat(Attempt.results(into))
                .extracting(ReportedResult::name)
                .containsExactly("first", "sub/second", "reporter", null);
    }

    @Test
    void reportsHaveFiles() throws Exception {
        Attempt attempt = run(Scenario.of("/files", SHORT, Event.atEnd("collect", occurrence -> {
            occurrence.connection().download("/etc/hosts", occurrence.file("sys/report", "hosts"));
            occurrence.report(Status.INFO, "sys/report", "x".repeat(20_000), List.of("hosts"));
            assertThatThrownBy(() -> occurrence.report(Status.INFO, "sys/report", null, List.of("none")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("none")
                    .hasMessageContaining("file(part, name)");
            assertThatThrownBy(() -> occurrence.report(Status.INFO, "x".repeat(1001), null))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(occurrence.file("sys/report", "../../x").toString()).doesNotContain("/../");
        })));
        assertThat(attempt.end().outcome()).as("%s", attempt.end()).isEqualTo(Outcome.PASSED);
        assertThat(attempt.part("sys/report").files()).containsExactly("hosts");
        assertThat(attempt.part("sys/report").note()).hasSize(10_001);
        assertThat(attempt.file("sys/report/hosts")).isNotEmpty();
    }

    @Test
    void nothingReportedIsLost() throws Exception {
        Attempt attempt = run(Scenario.of("/flood", SHORT, Event.atStart("flood", occurrence -> {
            for (int i = 0; !occurrence.killSwitch().pulled(); i++) {
                occurrence.report(Status.PASS, "n" + i, null);
            }
            occurrence.report(Status.PASS, "last", null);
        })));
        List<String> names = attempt.results().stream()
                .map(ReportedResult::name)
                .filter(name -> name != null && name.startsWith("n"))
                .toList();
        assertThat(attempt.parts()).contains("last");
        assertThat(names).isNotEmpty();
        for (int i = 0; i < names.size(); i++) {
            assertThat(names.get(i)).isEqualTo("n" + i);
        }
    }

    @Test
    void commandsKeepTheirOutput() throws Exception {
        Attempt attempt = run(Scenario.of(
                "/commands",
                Duration.ofMillis(300),
                Event.command("echo", Command.bash("echo out; echo err >&2")).withAtEnd(true),
                Event.command("exit", Command.bash("echo broken; exit 3")),
                Event.command("silent", Command.of("true"))));

        assertThat(attempt.part("echo").files()).containsExactly("output.txt");
        assertThat(attempt.file("echo/output.txt")).isEqualTo("==> echo#0 <==\nout\nerr\n==> echo#end <==\nout\nerr\n");
        assertThat(attempt.part("exit#0").files()).containsExactly("output.txt");
        assertThat(attempt.part("exit#0").note()).contains("bash", "ended with exit code 3");
        assertThat(attempt.file("exit#0/output.txt")).isEqualTo("broken\n");
        assertThat(attempt.part("silent").files()).isEmpty();
        try (var files = Files.list(attempt.artifacts().files())) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("echo", "exit#0");
        }
    }

    @Test
    void largeOutputIsCutInTheMiddle() throws Exception {
        Attempt attempt = run(Scenario.of(
                "/large",
                SHORT,
                Event.command("yes", Command.bash("echo first; head -c 3000000 /dev/zero; echo last; exit 1"))));
        String output = attempt.file("yes#0/output.txt");
        assertThat(output).startsWith("first\n").endsWith("last\n").contains(" bytes are left out here]");
        assertThat(output.length()).isBetween(2 * BoundedOutput.HALF, 2 * BoundedOutput.HALF + 100);
    }

    @Test
    void backgroundCommandsRunUntilTheEnd() throws Exception {
        String fifo = here.resolve("fifo").toString();
        Attempt attempt = run(Scenario.of(
                "/background",
                LONG,
                Event.background("load", Command.bash("mkfifo \"$1\"; echo >\"$1\"; exec sleep 1000", fifo)),
                Event.atStart("ends", occurrence -> {
                    Command untilStarted = Command.bash("until [[ -p $1 ]]; do sleep 0.01; done; cat \"$1\"", fifo);
                    occurrence.connection().run(untilStarted).orThrow();
                    occurrence.killSwitch().pull("the load runs");
                })));
        assertThat(attempt.part("load").status()).isEqualTo(Status.PASS);
        assertThat(attempt.end().note()).contains("the load runs");
    }

    @Test
    void backgroundCommandsThatEndBeforeTheScenarioHaveFailed() throws Exception {
        Attempt attempt = run(Scenario.of(
                "/background",
                LONG,
                Event.background("gone", Command.of("echo", "bye")).withOnFailure(OnFailure.STOP)));
        assertThat(attempt.part("gone#0").note()).contains("exit code 0 before the end of the scenario");
        assertThat(attempt.file("gone#0/output.txt")).isEqualTo("bye\n");
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.FAILED);
    }

    @Test
    void commandsHaveTheVariablesOfTheInvocation() throws Exception {
        Scenario scenario = Scenario.of("/x", SHORT, Event.command("echo", Command.bash("echo $A")));
        Attempt attempt = Attempt.local(TestInvocation.of(scenario).withVariable("A", "of the run"), here);
        assertThat(attempt.file("echo/output.txt")).contains("of the run");
    }

    @Test
    void eventsCannotCloseTheConnection() throws Exception {
        Attempt attempt = run(Scenario.of(
                "/close",
                SHORT,
                Event.atStart("closes", occurrence -> occurrence.connection().close()),
                Event.atStart(
                        "reconnects", occurrence -> occurrence.connection().reconnect(SHORT))));
        assertThat(attempt.part("closes#0").note()).contains("cannot close the connection", "/close");
        assertThat(attempt.part("reconnects#0").note()).contains("cannot reconnect");
    }

    @Test
    void aLostConnectionIsNoticedWhileNothingUsesIt() throws Exception {
        FakeConnection connection = FakeConnection.running(process -> {
            Thread.sleep(Long.MAX_VALUE);
            throw new AssertionError();
        });
        AtomicBoolean ended = new AtomicBoolean();
        Attempt attempt = Attempt.on(
                connection,
                Scenario.of(
                        "/lost",
                        LONG,
                        Event.every("idle", Duration.ofMinutes(10), occurrence -> {}),
                        Event.atStart("loses", occurrence -> connection.lose()),
                        Event.atEnd("local", occurrence -> ended.set(true)),
                        Event.atEnd(
                                "remote", occurrence -> occurrence.connection().run(Command.of("true")))),
                here);
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.LOST);
        assertThat(attempt.end().systemUsable()).isFalse();
        assertThat(attempt.end().note()).contains("lost");
        assertThat(ended).isTrue();
        assertThat(attempt.part("remote#end").status()).isEqualTo(Status.INFRA);
        assertThat(attempt.results().getLast().status()).isEqualTo(Status.INFRA);
    }

    @Test
    void aSystemWithoutTheWatchingCommandWorks() throws Exception {
        Attempt attempt = Attempt.on(
                FakeConnection.obedient(),
                Scenario.of(
                        "/x",
                        SHORT,
                        Event.atStart("a", occurrence -> occurrence.killSwitch().await(LONG))),
                here);
        assertThat(attempt.end().outcome()).isEqualTo(Outcome.PASSED);
    }

    @Test
    void theLimitEndsWithoutEventsAtTheEnd() throws Exception {
        AtomicBoolean ended = new AtomicBoolean();
        Attempt attempt = run(Scenario.of(
                        "/limit",
                        LONG,
                        Event.command("sleep", Command.bash("echo so far; sleep 1000")),
                        Event.atEnd("last", occurrence -> ended.set(true)))
                .withLimit(Duration.ofSeconds(3)));
        assertThat(attempt.end()).isEqualTo(TestEnd.of(Outcome.TIMED_OUT, "ended at its limit of 3s"));
        assertThat(ended).isFalse();
        assertThat(attempt.part("sleep#0").status()).isEqualTo(Status.INFO);
        assertThat(attempt.file("sleep#0/output.txt")).isEqualTo("so far\n");
        assertThat(attempt.part("last").status()).isEqualTo(Status.SKIP);
        assertThat(attempt.file("processes.txt"))
                .as("the processes before they were ended")
                .contains(" sleep 1000\n");
    }

    @Test
    void aFullDiskEndsTheScenario() throws Exception {
        try (LocalConnection connection = LocalConnection.open();
                Executor executor = ScenarioExecutor.factory().open(connection)) {
            Artifacts into = Artifacts.at(Files.createDirectory(here.resolve("into")));
            // A file in place of the directory has the same effect for every user.
            Scenario scenario = Scenario.of(
                    "/disk",
                    LONG,
                    Event.atStart("writes", occurrence -> {
                        Files.delete(into.files());
                        Files.createFile(into.files());
                        occurrence.connection().run(Command.of("true"));
                    }),
                    Event.every("echo", Duration.ofMillis(10), Action.command(Command.of("echo", "x"))));
            assertThatThrownBy(() -> executor.run(scenario, into))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("/disk")
                    .hasMessageContaining(into.toString());
        }
    }

    @Test
    void oneScenarioRunsOnManySystemsAtOnce() throws Exception {
        CountDownLatch all = new CountDownLatch(10);
        List<Connection> seen = Collections.synchronizedList(new ArrayList<>());
        Scenario scenario = Scenario.of(
                "/shared",
                Duration.ofMillis(300),
                Event.atStart("meet", occurrence -> {
                    seen.add(occurrence.connection());
                    occurrence.report(
                            Status.INFO, "host", occurrence.environment().get("HOST"));
                    all.countDown();
                    if (!all.await(60, TimeUnit.SECONDS)) {
                        throw new IllegalStateException("the others did not start");
                    }
                }),
                Event.every("tick", Duration.ofMillis(10), Action.command(Command.of("true"))));
        List<Call<Attempt>> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            TestInvocation test = TestInvocation.of(scenario).withVariable("HOST", "h" + i);
            calls.add(Call.of(() -> Attempt.local(test, here)));
        }
        for (int i = 0; i < 10; i++) {
            Attempt attempt = calls.get(i).result(Duration.ofSeconds(90));
            assertThat(attempt.end().outcome()).as("%s", attempt.end()).isEqualTo(Outcome.PASSED);
            assertThat(attempt.part("host").note()).isEqualTo("h" + i);
        }
        assertThat(seen).doesNotHaveDuplicates();
    }
}
