package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Offer;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks fakes with a manual clock: no test waits in real time. */
@Timeout(180)
class ManualClockTest {
    private final ManualClock clock = ManualClock.at(Instant.EPOCH);

    @Test
    void sleepersWakeAtTheirTime() throws Exception {
        Call<Boolean> shortSleep = Call.to(() -> clock.sleep(Duration.ofSeconds(1)));
        Call<Boolean> longSleep = Call.to(() -> clock.sleep(Duration.ofHours(1)));
        clock.awaitSleepers(2);

        clock.advance(Duration.ofMinutes(1));

        assertThat(shortSleep.result()).isTrue();
        longSleep.awaitBlocked();
        clock.advance(Duration.ofHours(1));
        assertThat(longSleep.result()).isTrue();
        assertThat(clock.instant()).isEqualTo(Instant.EPOCH.plus(Duration.ofMinutes(61)));
    }

    @RepeatedTest(500)
    void interruptBeforeTheTimeEndsTheSleep() throws Exception {
        Call<Boolean> sleep = Call.to(() -> clock.sleep(Duration.ofSeconds(1)));
        clock.awaitSleepers(1);

        sleep.interrupt();
        clock.advance(Duration.ofSeconds(1));

        assertThat(sleep.failure()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void systemsBecomeReadyAtTheirTime() throws Exception {
        try (FakeProvisioner provisioner = FakeProvisioner.of(FakeSystem.ready().after(Duration.ofMinutes(3)))
                .withSleeper(clock)) {
            provisioner.provision(2);
            clock.awaitSleepers(2);
            assertThat(provisioner.take(Duration.ZERO)).isEqualTo(new Offer.None("no fake system is ready"));

            clock.advance(Duration.ofMinutes(3));

            assertThat(provisioner.take(Call.SOON)).isInstanceOf(Offer.Ready.class);
            assertThat(provisioner.take(Call.SOON)).isInstanceOf(Offer.Ready.class);
            assertThat(provisioner.mostOpen()).isEqualTo(2);
        }
    }

    @Test
    void testsEndAtTheirLimit(@TempDir Path directory) throws Exception {
        FakeExecutors executors = FakeExecutors.passing(Duration.ofHours(2)).withSleeper(clock);
        try (FakeConnection connection = FakeConnection.obedient();
                Executor executor = executors.open(connection)) {
            TestCase limited = TestCase.named("/test").withLimit(Duration.ofHours(1));
            Call<TestEnd> running = Call.of(() -> executor.run(limited, Artifacts.at(directory)));
            clock.awaitSleepers(1);
            clock.advance(Duration.ofHours(1));

            assertThat(running.result().outcome()).isEqualTo(Outcome.TIMED_OUT);
            assertThat(executors.started()).isEqualTo(List.of("/test"));
        }
    }
}
