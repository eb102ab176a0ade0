package org.atex.fmf;

import java.time.Duration;
import java.util.Optional;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Outcome;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.TestEnd;
import org.atex.fmf.control.TimeLimit;
import org.jspecify.annotations.Nullable;

/** Takes a system through reboots: those that tests announce, and those that are made for it. For one thread. */
final class Reboot {
    private static final String COMMAND = """
            as_root=()
            ((EUID)) && as_root=(sudo -n)
            sync
            PATH=/sbin:/usr/sbin:$PATH
            if [[ -d /run/systemd/system ]]; then
                "${as_root[@]}" systemctl reboot
            else
                "${as_root[@]}" reboot
            fi
            """;

    /** How often a system is asked that goes on answering. */
    private static final Duration PAUSE = Duration.ofMillis(250);

    private final Connection connection;
    private final Duration usually;
    private Boot boot;

    Reboot(Connection connection, Boot boot, Duration usually) {
        this.connection = connection;
        this.boot = boot;
        this.usually = usually;
    }

    /** {@return how long the reboot may take that a test announced} */
    Duration within(ReportReceiver.@Nullable RebootWish wish) {
        return wish == null || wish.within() == null ? usually : Duration.ofSeconds(wish.within());
    }

    /**
     * Waits until the system has gone down and come back, and takes no answer of one that is still going down for that.
     *
     * @param wish what the test said of it, or null
     * @param limit how long it may take
     * @return null when it is back; otherwise how the test ends
     * @throws InterruptedException if interrupted
     */
    @Nullable
    TestEnd follow(ReportReceiver.@Nullable RebootWish wish, TimeLimit limit) throws InterruptedException {
        Long soft = wish == null ? null : wish.soft();
        while (true) {
            if (soft == null && !boot.identity().isEmpty() && staysUp(limit)) {
                return stayedUp(limit);
            }
            try {
                connection.reconnect(atLeastNothing(limit.left()));
                Boot now = Boot.of(connection);
                if (now.isAfter(boot) || soft != null && Boot.softReboots(connection) > soft) {
                    boot = now;
                    return null;
                }
                if (soft != null) {
                    if (limit.left().isNegative()) {
                        return stayedUp(limit);
                    }
                    Thread.sleep(PAUSE);
                }
            } catch (ConnectionLostException e) {
                if (limit.left().isNegative()) {
                    return TestEnd.of(
                            Outcome.LOST,
                            "it announced a reboot, and the system did not come back within "
                                    + Durations.words(limit.limit()) + ": " + e.getMessage());
                }
            }
        }
    }

    /**
     * Reboots the system, and waits until it is back.
     *
     * @return null when it is back; otherwise how the test ends
     * @throws InterruptedException if interrupted
     */
    @Nullable
    TestEnd now() throws InterruptedException {
        TimeLimit limit = new TimeLimit(usually);
        try (RunningCommand command = connection.start(Command.bash(COMMAND).withStderr(Output.merge()))) {
            TailReader output = TailReader.start(command.stdout(), 1000);
            Optional<CommandEnd> end = command.await(usually);
            if (end.isPresent() && !end.get().succeeded()) {
                connection.run(Command.of("true")); // tells a system that is gone from a command that failed
                return TestEnd.of(
                        Outcome.ERROR,
                        "its system could not be rebooted: " + end.get() + ": "
                                + output.textAtEnd().strip());
            }
        } catch (ConnectionLostException e) {
            // It goes down.
        }
        return follow(null, limit);
    }

    static TestEnd stayedUp(TimeLimit limit) {
        return new TestEnd(
                Outcome.ERROR,
                null,
                "it announced a reboot, and the system did not go down within " + Durations.words(limit.limit())
                        + " (FmfOptions.withRebootWithin, or tmt-reboot -t, sets the limit)",
                false);
    }

    private static Duration atLeastNothing(Duration left) {
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** A command that does nothing ends when the system goes down, and is told apart from one that ends by itself. */
    private boolean staysUp(TimeLimit limit) throws InterruptedException {
        try (RunningCommand sleeper = connection.start(Command.of("sleep", "100d"))) {
            return sleeper.await(atLeastNothing(limit.left())).isEmpty();
        } catch (ConnectionLostException e) {
            return false;
        }
    }
}
