package org.atex.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.lab.Lab;
import org.atex.local.LocalConnection;
import org.atex.podman.PodmanConnection;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** An interrupt at any moment ends the scenario on the system, and its results say so. */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class InterruptedScenarioTest {
    private static final Duration LONG = Duration.ofHours(1);

    /** Each moment of a scenario at which the thread of the executor may be interrupted. */
    private enum Moment {
        AT_START,
        DURING_EVENTS,
        IN_GRACE_PERIOD,
        AT_END
    }

    @TempDir
    Path here;

    @Test
    void interruptAtRandomMomentsOnThisMachine() throws Exception {
        try (LocalConnection connection = LocalConnection.open()) {
            interruptAtRandomMoments(connection, 60);
        }
    }

    /** Interrupts a scenario in a container. */
    @ExtendWith(LeakCheck.class)
    static class InContainerTest {
        @RegisterExtension
        final Lab lab = new Lab();

        @TempDir
        Path here;

        @Test
        void interruptAtRandomMoments() throws Exception {
            try (Connection connection = PodmanConnection.open(lab.container().id())) {
                InterruptedScenarioTest test = new InterruptedScenarioTest();
                test.here = here;
                test.interruptAtRandomMoments(connection, 20);
            }
        }
    }

    private void interruptAtRandomMoments(Connection connection, int count) throws Exception {
        Random random = new Random(17);
        try (Executor executor = ScenarioExecutor.factory().open(connection)) {
            for (int i = 0; i < count; i++) {
                interrupt(executor, random, Artifacts.at(Files.createDirectory(here.resolve("artifacts" + i))));
            }
            assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
        }
        assertThat(connection
                        .run(Command.bash("grep -lz '98765[4]' /proc/[0-9]*/cmdline"))
                        .stdout())
                .as("commands of events that still run")
                .isEmpty();
    }

    private static void interrupt(Executor executor, Random random, Artifacts into) throws Exception {
        Moment moment = Moment.values()[random.nextInt(4)];
        long occurrences = random.nextInt(20);
        CountDownLatch reached = new CountDownLatch(1);
        Action ticks = occurrence -> {
            occurrence.report(Status.PASS, "tick", null);
            if (occurrence.number() < occurrences) {
                return;
            }
            if (moment == Moment.DURING_EVENTS) {
                reached.countDown();
            } else {
                occurrence.killSwitch().pull("the end");
            }
        };
        Scenario scenario = Scenario.of(
                "/interrupted",
                LONG,
                Event.atStart("first", occurrence -> {
                    if (moment == Moment.AT_START) {
                        reached.countDown();
                    }
                }),
                Event.every("ticks", Duration.ofMillis(2), ticks),
                Event.every("true", Duration.ofMillis(5), Action.command(Command.of("true")))
                        .withMaxParallel(4),
                Event.command("sleep", Command.bash("sleep 987654 & sleep 987654"))
                        .withInterval(Duration.ofMillis(50))
                        .withMaxParallel(4),
                Event.atStart("waits", occurrence -> {
                    occurrence.killSwitch().await(LONG);
                    if (moment == Moment.IN_GRACE_PERIOD) {
                        reached.countDown();
                    }
                }),
                Event.atEnd("last", occurrence -> {
                    reached.countDown();
                    occurrence.killSwitch().await(LONG);
                }));
        Scenario timed = scenario.withGracePeriod(moment == Moment.AT_END ? Duration.ZERO : LONG);
        Call<TestEnd> call = Call.of(() -> executor.run(timed, into));
        assertThat(reached.await(30, TimeUnit.SECONDS))
                .as("%s is reached", moment)
                .isTrue();
        for (int spin = random.nextInt(200_000); spin > 0; spin--) {
            Thread.onSpinWait(); // interrupts a little later each time
        }
        assertThat(call.interrupt().failure()).isInstanceOf(InterruptedException.class);
        List<ReportedResult> results = Attempt.results(into);
        assertThat(results.getLast().status()).isEqualTo(Status.INFRA);
        assertThat(results.getLast().name()).isNull();
        assertThat(results).extracting(ReportedResult::name).contains("first", "ticks", "last");
    }
}
