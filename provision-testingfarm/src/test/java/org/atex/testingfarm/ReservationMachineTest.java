package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.atex.ssh.SshOptions;
import org.atex.testingfarm.ReservationMachine.Decision;
import org.atex.testingfarm.ReservationMachine.Event;
import org.junit.jupiter.api.Test;

class ReservationMachineTest {
    private static final Instant BEGIN = Instant.parse("2026-11-21T10:00:00Z");

    private final RunContext run = new RunContext(
            TestingFarmApi.builder(URI.create("http://localhost:1")).build(),
            Reservation.builder("Fedora-41").build(),
            new FarmSettings(
                    1,
                    0,
                    Duration.ofHours(1),
                    Duration.ofHours(1),
                    Duration.ofMinutes(10),
                    Duration.ofMinutes(5),
                    Duration.ofSeconds(30),
                    List.of(),
                    List.of(),
                    UnaryOperator.identity(),
                    event -> {},
                    "run",
                    GuestLogin.Connector.ssh(),
                    Clock.systemUTC(),
                    Thread::sleep),
            Path.of("unused"),
            directory -> new RunKey(List.of(), SshOptions.defaults()));

    private final ReservationMachine machine =
            new ReservationMachine(run, new Pace(Duration.ofSeconds(30), new Random(1)), BEGIN);

    @Test
    void reservationsEndWithoutARequestLeftBehind() {
        Map<String, Integer> ends = new TreeMap<>();
        for (long seed = 0; seed < 5000; seed++) {
            try {
                ends.merge(new SimulatedReservation(seed, run).run(), 1, Integer::sum);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        // The simulation must lead to every end, or it proves nothing.
        assertThat(ends)
                .containsKeys("OVER", "LEFT", "failed OVER", "failed LEFT", "used OVER", "used LEFT")
                .allSatisfy((end, count) -> assertThat(count).isGreaterThan(5));
    }

    @Test
    void requestsAreFirstPolledAtDifferentTimes() {
        Pace pace = new Pace(Duration.ofSeconds(30), new Random(1));
        for (int i = 0; i < 100; i++) {
            assertThat(pace.first()).isBetween(Duration.ZERO, Duration.ofSeconds(30));
            assertThat(pace.next()).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(33));
        }
        assertThat(pace.first()).isNotEqualTo(pace.first());
    }

    @Test
    void onlyOneEarlyPollPerInterval() {
        submit();
        assertThat(machine.on(new Event.ConnectionLost(), BEGIN)).hasAtLeastOneElementOfType(Decision.Poll.class);
        assertThat(machine.on(new Event.ConnectionLost(), BEGIN))
                .as("while the poll is under way")
                .isEmpty();
        Decision.Sleep sleep = sleep(new Event.PollFailed(new IllegalStateException("no answer")));
        assertThat(machine.on(new Event.ConnectionLost(), BEGIN))
                .as("second early poll")
                .isEmpty();

        assertThat(machine.on(new Event.Awake(sleep.number()), BEGIN.plusSeconds(33)))
                .hasAtLeastOneElementOfType(Decision.Poll.class);
        machine.on(new Event.PollFailed(new IllegalStateException("no answer")), BEGIN.plusSeconds(33));
        assertThat(machine.on(new Event.ConnectionLost(), BEGIN.plusSeconds(33)))
                .hasAtLeastOneElementOfType(Decision.Poll.class);
    }

    @Test
    void replacedSleepIsIgnored() {
        Decision.Sleep first = submit();
        machine.on(new Event.ConnectionLost(), BEGIN);
        machine.on(new Event.PollFailed(new IllegalStateException("no answer")), BEGIN);
        assertThat(machine.on(new Event.Awake(first.number()), BEGIN)).isEmpty();
    }

    private Decision.Sleep submit() {
        assertThat(machine.on(new Event.Begun(), BEGIN)).contains(new Decision.Submit());
        return sleep(new Event.Submitted("id"));
    }

    private Decision.Sleep sleep(Event event) {
        return machine.on(event, BEGIN).stream()
                .filter(Decision.Sleep.class::isInstance)
                .map(Decision.Sleep.class::cast)
                .findFirst()
                .orElseThrow();
    }
}
