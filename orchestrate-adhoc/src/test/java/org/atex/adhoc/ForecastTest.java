package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.adhoc.Forecast.Assumptions;
import org.atex.api.After;
import org.atex.api.MultihostTest;
import org.atex.api.Need;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.api.TestRecord;
import org.atex.artifacts.History;
import org.atex.artifacts.PastRun;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A forecast says what the run will do, without a system. */
class ForecastTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static AdHocOrchestrator.Builder run(List<? extends TestCase> tests, FakeProvisioner systems) {
        return AdHocOrchestrator.builder(tests)
                .on("fedora", systems)
                .with(FakeExecutors.passing(Duration.ZERO))
                .into(RecordingAggregator.create());
    }

    @Test
    void noMoreSystemsThanTheProvisionerHas() {
        List<TestCase> tests = IntStream.range(0, 6)
                .mapToObj(i -> (TestCase) TestCase.named("/t" + i).withExpected(MINUTE))
                .toList();
        try (FakeProvisioner two = FakeProvisioner.of(FakeSystem.ready()).maxSystems(2)) {
            Forecast forecast = run(tests, two).forecast(Assumptions.defaults());
            assertThat(forecast.systems()).isEqualTo(2);
            assertThat(forecast.end()).isEqualTo(MINUTE.multipliedBy(3));
            assertThat(run(tests, two).alternatives(Assumptions.defaults()).get(0))
                    .as("what one system more would save")
                    .satisfies(more -> assertThat(more.saves()).isEqualTo(MINUTE));
        }
    }

    @Test
    void durationsOfAPastRunTellWhatItWouldHaveTaken(@TempDir Path runs) throws Exception {
        List<TestCase> tests = List.of(
                // The run knew of a long test, which turned out to be short.
                TestCase.named("/a").withExpected(MINUTE),
                TestCase.named("/b"),
                TestCase.named("/c").withAfter(After.endOf("/b")),
                TestCase.named("/fails"));
        Map<String, Duration> took;
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(tests)
                        .on("fedora", systems)
                        .with(FakeExecutors.running(Map.of("/fails", FakeRun.failing(Duration.ofMillis(30)))))
                        .into(RecordingAggregator.create())
                        .keep(runs)
                        .build()) {
            var unused = run.run();
            took = PastRun.latest(runs).orElseThrow().durations();
        }
        assertThat(took).containsOnlyKeys("/a", "/b", "/c", "/fails");

        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Assumptions real = Assumptions.defaults().withDurations(took);
            Forecast one = run(tests, systems).maxSystems(1).forecast(real);
            assertThat(one.end())
                    .as("one system: the sum")
                    .isEqualTo(took.values().stream().reduce(Duration.ZERO, Duration::plus));
            assertThat(one.timeline().get(0).test())
                    .as("the order is by what the run knew")
                    .isEqualTo("/a");
            Forecast four = run(tests, systems).maxSystems(4).forecast(real);
            Duration chain = took.get("/b").plus(took.get("/c"));
            assertThat(four.end())
                    .as("enough systems: the longest chain")
                    .isEqualTo(Stream.of(took.get("/a"), took.get("/fails"), chain)
                            .max(Duration::compareTo)
                            .orElseThrow());
            assertThat(run(tests, systems).maxSystems(1).alternatives(real))
                    .first()
                    .satisfies(more -> assertThat(more.saves()).isPositive());
        }
    }

    @Test
    void realDurationOfATestOnSeveralSystemsIsThatOfTheWhole() {
        List<TestCase> tests = List.of(
                MultihostTest.named("/pair").withRole("one", 2, TestCase.named("/one")), TestCase.named("/new"));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Forecast forecast = run(tests, systems)
                    .maxSystems(2)
                    .forecast(Assumptions.defaults()
                            .withDurations(Map.of("/pair", MINUTE.multipliedBy(5), "/gone", MINUTE)));
            assertThat(forecast.end())
                    .as("a test without a known duration takes a minute")
                    .isEqualTo(MINUTE.multipliedBy(6));
        }
    }

    @Test
    void negativeDurationIsRefused() {
        Map<String, Duration> wrong = Map.of("/a", MINUTE.negated());
        assertThatThrownBy(() -> Assumptions.defaults().withDurations(wrong))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("/a")
                .hasMessageContaining("PT-1M");
    }

    @Test
    void showsWhatRunsWhereAndWhen() {
        List<TestCase> tests = List.of(
                TestCase.named("/short").withExpected(MINUTE),
                TestCase.named("/long").withExpected(MINUTE.multipliedBy(3)),
                TestCase.named("/other").withLimit(MINUTE.multipliedBy(2)),
                TestCase.named("/last").withAfter(After.passOf("/long")));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Forecast forecast = run(tests, systems)
                    .maxSystems(2)
                    .forecast(Assumptions.defaults().withSetUp(MINUTE));

            assertThat(forecast).hasToString("""
                      0:01:00 –   0:04:00  fedora 1  /long, waits for fedora 1 to be ready
                      0:01:00 –   0:03:00  fedora 2  /other, waits for fedora 2 to be ready
                      0:03:00 –   0:04:00  fedora 2  /short, waits for the end of /other on fedora 2
                      0:04:00 –   0:05:00  fedora 1  /last, waits for the end of /long, after which it runs
                    ends after 0:05:00 with 2 systems
                    """);
            assertThat(forecast.systems()).isEqualTo(2);
            assertThat(systems.asked()).as("requested systems").isZero();
        }
    }

    @Test
    void namesWhatDoesNotRun() {
        List<TestCase> tests = List.of(
                TestCase.named("/a").withLimit(Duration.ofHours(1)),
                TestCase.named("/b").withExpected(Duration.ofHours(3)),
                TestCase.named("/c").withNeed(Need.atLeast("memory", "4 GiB")),
                TestCase.named("/d").withAfter(After.passOf("/b")));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Forecast forecast =
                    run(tests, systems).runWithin(Duration.ofHours(2)).forecast(Assumptions.defaults());

            assertThat(forecast.notRun()).containsOnlyKeys("/b", "/d");
            assertThat(forecast.notRun().get("/b")).contains("it is expected to take PT3H");
            assertThat(forecast.timeline()).extracting(Forecast.Entry::test).containsExactlyInAnyOrder("/a", "/c");
        }
    }

    @Test
    void knowsTestsOnSeveralSystems() {
        TestCase pair = MultihostTest.named("/pair")
                .withRole("server", TestCase.named("s").withNeed(Need.of("arch", "x86_64")))
                .withRole("client", TestCase.named("c").withNeed(Need.of("arch", "aarch64")));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Forecast forecast = run(List.of(pair), systems).forecast(Assumptions.defaults());

            assertThat(forecast.timeline())
                    .extracting(Forecast.Entry::test)
                    .containsExactlyInAnyOrder("/pair (server)", "/pair (client)");
            assertThat(forecast.end()).isEqualTo(MINUTE);
        }
    }

    @Test
    void moreSystemsEndEarlier() {
        List<TestCase> tests = new ArrayList<>();
        IntStream.range(0, 12).forEach(i -> tests.add(TestCase.named("/t" + i)));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Map<Integer, Duration> ends =
                    Map.of(1, MINUTE.multipliedBy(12), 4, MINUTE.multipliedBy(3), 6, MINUTE.multipliedBy(2));
            ends.forEach((count, end) -> assertThat(run(tests, systems)
                            .maxSystems(count)
                            .forecast(Assumptions.defaults())
                            .end())
                    .as("with %d systems", count)
                    .isEqualTo(end));
            assertThat(run(tests, systems)
                            .maxSystems(1)
                            .forecast(Assumptions.defaults().withSlots(4))
                            .end())
                    .isEqualTo(MINUTE.multipliedBy(3));
        }
    }

    @Test
    void tellsWhatEachTestWaitsFor() {
        List<TestCase> tests = List.of(
                TestCase.named("/alone").withLock(TestLock.exclusive(TestLock.EVERYTHING)),
                TestCase.named("/db 1").withLock(TestLock.exclusive("db")).withExpected(MINUTE.multipliedBy(9)),
                TestCase.named("/db 2").withLock(TestLock.shared("db")).withExpected(MINUTE.multipliedBy(8)),
                TestCase.named("/x").withExpected(MINUTE.multipliedBy(7)).withDestructive(true),
                TestCase.named("/y"));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Forecast forecast = run(tests, systems).maxSystems(2).forecast(Assumptions.defaults());

            assertThat(forecast.timeline())
                    .extracting(entry -> entry.test() + ": " + entry.waitsFor())
                    .containsExactlyInAnyOrder(
                            "/alone: ",
                            "/db 1: the end of /alone, as that runs alone",
                            "/x: the end of /alone, as that runs alone",
                            "/y: fedora 1 to be ready again after /x",
                            "/db 2: the lock db, which /db 1 holds");
            assertThat(forecast.criticalPath())
                    .as("the tests that determine the end")
                    .extracting(Forecast.Entry::test)
                    .containsExactly("/alone", "/db 1", "/db 2");
        }
    }

    @Test
    void knowsWhatAnotherNumberOfSystemsWouldChange() {
        List<TestCase> tests = new ArrayList<>();
        IntStream.range(0, 12).forEach(i -> tests.add(TestCase.named("/t" + i)));
        tests.add(TestCase.named("/long").withExpected(MINUTE.multipliedBy(4)));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Assumptions assumptions = Assumptions.defaults().withSetUp(MINUTE);
            AdHocOrchestrator.Builder builder = run(tests, systems).maxSystems(3);
            assertThat(builder.forecast(assumptions).end()).isEqualTo(MINUTE.multipliedBy(7));
            assertThat(builder.forecast(assumptions).systemTime())
                    .as("16 minutes of tests, 3 of set-up, and 2 in which systems wait for others")
                    .isBetween(MINUTE.multipliedBy(19), MINUTE.multipliedBy(21));
            List<Forecast.Alternative> alternatives = builder.alternatives(assumptions);

            assertThat(alternatives)
                    .extracting(Forecast.Alternative::change)
                    .containsExactly(
                            "4 systems instead of 3", "2 systems instead of 3", "the tests in the order given");
            assertThat(alternatives)
                    .extracting(Forecast.Alternative::saves)
                    .containsExactly(MINUTE.multipliedBy(2), MINUTE.multipliedBy(-2), MINUTE.multipliedBy(-2));
            assertThat(alternatives.get(0).toString())
                    .startsWith("with 4 systems instead of 3, the run ends 0:02:00 earlier, and its systems exist");
            assertThat(run(tests, systems)
                            .maxSystems(3)
                            .order(TestOrder.given())
                            .alternatives(assumptions)
                            .get(2))
                    .hasToString(
                            "with the longest tests first, the run ends 0:02:00 earlier, and its systems exist as long");
            assertThat(systems.asked()).as("requested systems").isZero();
        }
    }

    @Test
    void hasNoAlternativeThatCannotRun() {
        TestCase pair = MultihostTest.named("/pair")
                .withRole("server", TestCase.named("s"))
                .withRole("client", TestCase.named("c"));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            assertThat(run(List.of(pair), systems).alternatives(Assumptions.defaults()))
                    .extracting(Forecast.Alternative::change)
                    .containsExactly("3 systems instead of 2", "the tests in the order given");
        }
    }

    /** The limit is far above the time that it takes, and far below that of an algorithm with quadratic costs. */
    @Test
    @Timeout(180)
    void isFastForTenThousandTests() {
        List<TestCase> tests = new ArrayList<>();
        IntStream.range(0, 10_000)
                .forEach(i -> tests.add(TestCase.named("/t" + i).withExpected(Duration.ofSeconds(1 + i % 97))));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            Forecast forecast = run(tests, systems).maxSystems(100).forecast(Assumptions.defaults());
            assertThat(forecast.timeline()).hasSize(10_000);
            assertThat(forecast.systems()).isEqualTo(100);
        }
    }

    @Test
    void takesDurationsAndSetUpsFromTheHistory(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("history.jsonl");
        TestRecord record = TestRecord.of("fedora", TestCase.named("/a"), TestEnd.exited(0))
                .withTimes(Instant.EPOCH, MINUTE.multipliedBy(5));
        History history = History.of("run-1", List.of(record))
                .withReady(
                        "run-1", new SystemInfo("s", "fedora", "s", Map.of()), Instant.EPOCH, MINUTE.multipliedBy(3));
        History.add(file, history);
        List<TestCase> tests = List.of(TestCase.named("/a").withLimit(Duration.ofHours(5)));
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready())) {
            AdHocOrchestrator.Builder builder = run(tests, systems).history(file);
            assertThat(builder.forecast(Assumptions.defaults()).end()).isEqualTo(MINUTE.multipliedBy(8));
            assertThat(builder.forecast(Assumptions.defaults().withSetUp(MINUTE))
                            .end())
                    .as("what the program assumes goes first")
                    .isEqualTo(MINUTE.multipliedBy(6));
        }
    }
}
