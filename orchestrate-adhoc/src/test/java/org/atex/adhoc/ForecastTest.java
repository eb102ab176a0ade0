package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atex.adhoc.Forecast.Assumptions;
import org.atex.api.After;
import org.atex.api.MultihostTest;
import org.atex.api.Need;
import org.atex.api.TestCase;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;

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
                      0:01:00 –   0:04:00  fedora 1  /long
                      0:01:00 –   0:03:00  fedora 2  /other
                      0:03:00 –   0:04:00  fedora 2  /short
                      0:04:00 –   0:05:00  fedora 1  /last
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
}
