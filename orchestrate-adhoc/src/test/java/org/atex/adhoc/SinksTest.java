package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.FanOut;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.Retention;
import org.atex.artifacts.Spool;
import org.atex.testkit.Call;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each sink of a run stores all results, as far as it can, whatever the others do. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class SinksTest {
    @TempDir
    private Path directory;

    private final FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
    private final RecordingAggregator good = RecordingAggregator.create();

    @AfterEach
    void close() {
        systems.close();
    }

    private AdHocOrchestrator.Builder run(int tests) {
        return AdHocOrchestrator.builder(IntStream.range(0, tests)
                        .<TestCase>mapToObj(i -> TestCase.named("/t" + i))
                        .toList())
                .on(systems)
                .with(FakeExecutors.passing(Duration.ZERO))
                .workDirectory(directory.resolve("work"));
    }

    private static RunSummary summary(AdHocOrchestrator.Builder builder) throws InterruptedException {
        try (AdHocOrchestrator run = builder.build()) {
            return run.run();
        }
    }

    /** Passes results on while {@link #works} accepts them; fails as a service that cannot be reached otherwise. */
    private static final class Server implements Aggregator {
        private final RecordingAggregator stored = RecordingAggregator.create();
        private final AtomicInteger calls = new AtomicInteger();
        private final Predicate<TestRecord> works;

        Server(Predicate<TestRecord> works) {
            this.works = works;
        }

        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            calls.incrementAndGet();
            if (!works.test(record)) {
                throw new AggregationException("not stored", new IOException("connection refused"));
            }
            stored.ingest(record, artifacts);
        }

        @Override
        public void close() {
            stored.close();
        }

        @Override
        public String toString() {
            return "the server";
        }
    }

    @Test
    void blockedSinkDoesNotDelayOthers() throws Exception {
        CountDownLatch allStored = new CountDownLatch(20);
        Server slow = new Server(record -> {
            try {
                allStored.await();
                return true;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        Server fast = new Server(record -> {
            allStored.countDown();
            return true;
        });
        RunSummary summary = summary(run(20).into(slow).into(fast));
        assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(slow.stored.entries()).hasSameElementsAs(fast.stored.entries());
        assertThat(fast.stored.entries())
                .hasSize(20)
                .allSatisfy(entry -> assertThat(entry.results()).isNotEmpty());
        assertThat(directory.resolve("work")).isEmptyDirectory();
    }

    @Test
    void temporaryFailureIsOvercome() throws Exception {
        AtomicBoolean failed = new AtomicBoolean();
        Server server = new Server(record -> failed.getAndSet(true));
        RunSummary summary = summary(run(1).into(server));
        assertThat(summary.problems())
                .singleElement()
                .isEqualTo(Problem.overcome(
                        "storing results failed 1 time and was tried again; the first reason: not stored"));
        assertThat(server.stored.records()).hasSize(1);
        assertThat(server.calls).hasValue(2);
    }

    @Test
    void serverThatIsBackAtTheEndGetsAllAttemptsInOrder() throws Exception {
        AtomicBoolean back = new AtomicBoolean();
        CountDownLatch refused = new CountDownLatch(5);
        Server server = new Server(record -> {
            refused.countDown();
            return back.get();
        });
        Set<String> failedOnce = Collections.synchronizedSet(new HashSet<>());
        List<String> stored = Collections.synchronizedList(new ArrayList<>());
        RunSummary summary = summary(run(6).with(FakeExecutors.running(test -> {
                    if (test.name().equals("/t5")) {
                        // The last test ends when the server has refused some results and works again.
                        try {
                            refused.await();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                        back.set(true);
                    }
                    return failedOnce.add(test.name())
                            ? FakeRun.failing(Duration.ZERO)
                            : FakeRun.passing(Duration.ZERO);
                }))
                .order(TestOrder.given())
                .maxSystems(1)
                .reruns(RerunPolicy.maxReruns(1))
                .listener(event -> {
                    if (event instanceof RunEvent.Ingested ingested
                            && ingested.problem().isEmpty()) {
                        stored.add(ingested.record().name());
                    }
                })
                .into(Sink.of(server).withMaxAttempts(1))
                .into(good));
        assertThat(summary.verdicts()).isEmpty();
        assertThat(stored).hasSize(12);
        assertThat(server.stored.entries()).hasSameElementsAs(good.entries());
        for (int i = 0; i < 6; i++) {
            String name = "/t" + i;
            assertThat(server.stored.records().stream()
                            .filter(record -> record.name().equals(name)))
                    .as("the attempts of %s, in order", name)
                    .extracting(TestRecord::attempt)
                    .containsExactly(1, 2);
        }
        assertThat(directory.resolve("work")).isEmptyDirectory();
    }

    @Test
    void resultsThatOneSinkRefusesAreStoredLater() throws Exception {
        Server server = new Server(record -> false);
        List<RunEvent.Ingested> events = Collections.synchronizedList(new ArrayList<>());
        RunSummary summary = summary(run(3).into(server).into(good).listener(event -> {
            if (event instanceof RunEvent.Ingested ingested) {
                events.add(ingested);
            }
        }));
        assertThat(summary.counts()).containsOnlyKeys(Outcome.PASSED);
        assertThat(summary.verdicts()).containsExactly(Verdict.NOT_STORED);
        assertThat(summary.exitCode()).isEqualTo(4);
        assertThat(summary.problems())
                .filteredOn(problem -> problem.verdict() == Verdict.NOT_STORED)
                .singleElement()
                .extracting(Problem::message)
                .asString()
                .contains("3 attempts", "not stored by the server", "not stored", "Spool.replay")
                .contains(directory.resolve("work").toString());
        assertThat(events)
                .hasSize(3)
                .allSatisfy(event -> assertThat(event.problem()).contains("by the server"));
        assertThat(good.records()).hasSize(3);

        Server again = new Server(record -> true);
        Spool.Replay replay = Spool.replay(directory.resolve("work"), again);
        assertThat(replay.problems()).isEmpty();
        assertThat(again.stored.entries()).hasSameElementsAs(good.entries());
        assertThat(directory.resolve("work")).isEmptyDirectory();
    }

    @Test
    void testsThatNeverStartedAreStoredLaterToo() throws Exception {
        Server server = new Server(record -> false);
        try (FakeProvisioner none = FakeProvisioner.of(FakeSystem.failing("sold out"));
                AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(TestCase.named("/never")))
                        .on(none)
                        .with(FakeExecutors.passing(Duration.ZERO))
                        .giveUpAfter(Duration.ofMillis(1))
                        .into(server)
                        .workDirectory(directory.resolve("work"))
                        .build()) {
            assertThat(run.run().verdicts()).contains(Verdict.NOT_STORED, Verdict.INCOMPLETE);
        }
        Server again = new Server(record -> true);
        Spool.Replay replay = Spool.replay(directory.resolve("work"), again);
        assertThat(replay.problems()).isEmpty();
        assertThat(again.stored.records()).singleElement().satisfies(record -> {
            assertThat(record.attempt()).isZero();
            assertThat(record.end().note()).contains("sold out");
        });
        assertThat(directory.resolve("work")).isEmptyDirectory();
    }

    @Test
    void optionalSinkDoesNotChangeTheVerdict() throws Exception {
        Server server = new Server(record -> false);
        RunSummary summary = summary(
                run(2).into(Sink.of(server).withName("dashboard").optional()).into(good));
        assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(summary.problems())
                .extracting(Problem::message)
                .anyMatch(message -> message.contains("not stored by dashboard"));
    }

    @Test
    void goneServerIsAskedOnceForEachFurtherAttempt() throws Exception {
        Server server = new Server(record -> false);
        RunSummary summary =
                summary(run(50).into(Sink.of(server).withMaxAttempts(2)).maxSystems(1));
        assertThat(summary.verdict()).isEqualTo(Verdict.NOT_STORED);
        // Two threads may each make all tries before the first has failed; at the end, three calls tell that it is
        // gone.
        assertThat(server.calls.get()).isBetween(50, 50 + 2 + 3);
    }

    @Test
    void serverWithAFullDiskDoesNotStopTheRun() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Server server = new Server(record -> {
            calls.incrementAndGet();
            throw new AggregationException("not stored", new IOException("HTTP 507: quota exceeded"));
        });
        RunSummary summary = summary(
                run(1500).into(Sink.of(server).withMaxAttempts(1).optional()).into(good));
        assertThat(summary.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(good.records()).hasSize(1500);
    }

    /** A sink that is a record with a hash code that fails, as that of a list that changes. */
    private record Hostile(List<String> names) implements Aggregator {
        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            throw new AggregationException("refused", null);
        }

        @Override
        public int hashCode() {
            throw new IllegalStateException("no hash code");
        }

        @Override
        public boolean equals(Object other) {
            throw new IllegalStateException("not equal");
        }

        @Override
        public String toString() {
            throw new IllegalStateException("no text");
        }

        @Override
        public void close() {}
    }

    @Test
    void methodsOfAggregatorsMayFail() throws Exception {
        RunSummary summary = summary(run(3).into(new Hostile(List.of())).into(good));
        assertThat(summary.verdicts()).containsExactly(Verdict.NOT_STORED);
        assertThat(good.records()).hasSize(3);
    }

    @Test
    void membersOfAFanOutAreTriedSeparately() throws Exception {
        AtomicBoolean failed = new AtomicBoolean();
        Server server = new Server(record -> failed.getAndSet(true));
        try (FanOut both = FanOut.of(good, server)) {
            assertThat(summary(run(1).into(both)).verdict()).isEqualTo(Verdict.PASSED);
        }
        assertThat(good.records()).hasSize(1);
        assertThat(server.stored.records()).hasSize(1);
    }

    @Test
    void replayDuringTheRunLeavesWhatOtherSinksAreGoingToStore() throws Exception {
        CountDownLatch replayed = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(2);
        Server refusing = new Server(record -> {
            asked.countDown();
            throw new AggregationException("refused", null);
        });
        Server slow = new Server(record -> {
            asked.countDown();
            try {
                replayed.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return true;
        });
        Path work = directory.resolve("work");
        try (AdHocOrchestrator run =
                run(1).into(Sink.of(refusing).withName("refusing")).into(slow).build()) {
            CompletableFuture<RunSummary> summary = Runs.begin(run);
            asked.await();
            Spool.Replay early = Spool.replay(work, "refusing", good);
            assertThat(early.stored()).isEmpty();
            assertThat(early.waiting()).isEqualTo(1);
            replayed.countDown();
            assertThat(summary.get(20, TimeUnit.SECONDS).verdict()).isEqualTo(Verdict.NOT_STORED);
        }
        assertThat(Spool.replay(work, "refusing", good).stored()).hasSize(1);
        assertThat(work).isEmptyDirectory();
    }

    @Test
    void testThatEndsAfterItWasGivenUpDoesNotTouchItsResults() throws Exception {
        CountDownLatch givenUp = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        Server refusing = new Server(record -> false);
        Path work = directory.resolve("work");
        AdHocOrchestrator.Builder builder = run(1).with(system -> new Executor() {
                    @Override
                    public TestEnd run(TestCase test, Artifacts into) {
                        while (true) {
                            try {
                                givenUp.await();
                                ended.countDown();
                                throw new UncheckedIOException(new IOException("No space left on device"));
                            } catch (InterruptedException e) {
                                // ignored, so that the run abandons it
                            }
                        }
                    }

                    @Override
                    public void close() {}
                })
                .limits(Limits.defaults().withTest(Duration.ofMillis(50)).withGrace(Duration.ofMillis(50)))
                .into(refusing);
        RunSummary summary = summary(builder);
        assertThat(summary.counts()).containsOnlyKeys(Outcome.ERROR);
        givenUp.countDown();
        ended.await();
        Call.eventually(
                "the abandoned thread has ended",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().contains("the executor of /t0")));
        assertThat(Spool.replay(work, good).stored())
                .singleElement()
                .satisfies(record -> assertThat(record.end().outcome()).isEqualTo(Outcome.ERROR));
    }

    @Test
    void failureThatIsNoIoErrorIsFinal() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        RecordingAggregator picky = RecordingAggregator.failing(record -> {
            calls.incrementAndGet();
            return true;
        });
        assertThat(summary(run(1).into(picky)).verdict()).isEqualTo(Verdict.NOT_STORED);
        assertThat(calls).hasValue(1);
    }

    @Test
    void sinksHaveUniqueNames() {
        Sink one = Sink.of(good).withName("one");
        assertThatThrownBy(() -> run(1).into(one).into(one))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one")
                .hasMessageContaining("withName");
    }

    @ParameterizedTest
    @CsvSource({"0,false", "4,false", "4,true", "12,true"})
    void killedProgramLeavesResultsThatAreStoredLater(int stored, boolean kept) throws Exception {
        Path names = directory.resolve("names");
        Files.createFile(names);
        Path work = directory.resolve("work");
        Process program = KilledRun.start(work, names, stored, kept);
        try (BufferedReader output = program.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ten tests have ended");
            KilledRun.awaitJournal(work);
            Spool.Replay early = Spool.replay(work, new KilledRun.Names(names, 100));
            assertThat(early.stored()).as("the program still runs").isEmpty();
        } finally {
            program.destroyForcibly();
            program.waitFor();
        }
        Spool.Replay replay = Spool.replay(work, new KilledRun.Names(names, 100));
        assertThat(replay.problems()).isEmpty();
        assertThat(Spool.replay(work, new KilledRun.Names(names, 100)).stored()).isEmpty();
        List<String> lines = Files.readAllLines(names);
        assertThat(lines.stream().map(line -> line.split(" ")[0]).distinct())
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 12).mapToObj(i -> "/t" + i).toList());
        // A program that is killed between the storing and the removal of an attempt leaves it to be stored twice.
        assertThat(lines).hasSizeBetween(12, 12 + 2);
        assertThat(lines).contains("/t10 LOST", "/t11 LOST").doesNotContain("/t10 PASSED", "/t0 LOST");
        if (!kept) {
            assertThat(work).isEmptyDirectory();
            return;
        }
        PastRun past = PastRun.latest(work).orElseThrow();
        assertThat(past.problems()).isEmpty();
        assertThat(past.ends()).hasSize(12);
        assertThat(past.unknown()).containsExactly("/t10", "/t11");
        assertThat(past.notPassed()).containsExactly("/t10", "/t11");
        assertThat(PastRun.prune(work, Retention.newest(0))).containsExactly(past.directory());
        assertThat(work).isEmptyDirectory();
    }
}
