package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.atex.api.RunEvent;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The clock of the machine is set while tests run. */
@Timeout(180)
class RunClockTest {
    private static final Instant BEGIN = Instant.parse("2026-11-21T10:00:00Z");

    /** Jumps by a day, forward and back, on each call. */
    private static InstantSource jumping() {
        AtomicInteger asked = new AtomicInteger();
        return () -> BEGIN.plus(Duration.ofDays((long) asked.get() * (asked.getAndIncrement() % 2 == 0 ? -1 : 1)));
    }

    @Test
    void remainingTimeDoesNotDependOnTheMachinesClock() {
        AtomicReference<Instant> wall = new AtomicReference<>(BEGIN);
        RunClock clock = new RunClock(wall::get);
        for (Duration jump : List.of(Duration.ofDays(1), Duration.ofHours(-5))) {
            wall.set(BEGIN.plus(jump));
            Instant before = clock.instant();
            Instant end = clock.ofWall(wall.get().plus(Duration.ofHours(1)));
            assertThat(Duration.between(end, clock.instant().plus(Duration.ofHours(1))))
                    .isBetween(Duration.ZERO, Duration.between(before, clock.instant()));
        }
        assertThat(clock.ofWall(Instant.MAX)).isEqualTo(Instant.MAX);
    }

    @Test
    void timesKeepTheirTrueDistances() throws Exception {
        List<RunEvent> events = new ArrayList<>();
        List<TestCase> tests = IntStream.range(0, 10)
                .<TestCase>mapToObj(i -> TestCase.named("/" + i))
                .toList();
        long begin = System.nanoTime();
        try (var systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(2);
                var results = RecordingAggregator.create();
                var run = AdHocOrchestrator.builder(tests)
                        .on(systems)
                        .with(FakeExecutors.passing(Duration.ofMillis(5)))
                        .into(results)
                        .clock(jumping())
                        .listener(events::add)
                        .build()) {
            assertThat(run.run().exitCode()).isZero();
            // The clock is read when the run begins, and may be read when it is built.
            Instant first = events.getFirst().at();
            Instant last = first.plusNanos(System.nanoTime() - begin);
            assertThat(first).isAfter(BEGIN.minus(Duration.ofDays(3))).isBefore(BEGIN.plus(Duration.ofDays(3)));
            assertThat(events)
                    .extracting(RunEvent::at)
                    .allSatisfy(at -> assertThat(at).isBetween(first, last));
            assertThat(results.records())
                    .hasSize(10)
                    .extracting(TestRecord::started)
                    .allSatisfy(at -> assertThat(at).isBetween(first, last));
        }
    }
}
