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
import org.atex.support.Durations;
import org.atex.support.TailReader;
import org.jspecify.annotations.Nullable;

/**
 * Handles reboots of a system: those that a test announces, and those that the executor does before a restart of a
 * test. Not thread-safe.
 */
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

    /** The pause between attempts while the system still responds. */
    private static final Duration RETRY_DELAY = Duration.ofMillis(250);

    private final Connection connection;
    private final Duration defaultLimit;
    private BootId boot;

    Reboot(Connection connection, BootId boot, Duration defaultLimit) {
        this.connection = connection;
        this.boot = boot;
        this.defaultLimit = defaultLimit;
    }

    /** {@return the time limit of a reboot: that of the announcement if it has one} */
    Duration limitOf(ReportReceiver.@Nullable RebootAnnouncement announcement) {
        return announcement == null || announcement.within() == null
                ? defaultLimit
                : Duration.ofSeconds(announcement.within());
    }

    /**
     * Waits until the system has gone down and come back. The boot id decides: a system that is still shutting down
     * accepts connections, so an answer alone proves nothing.
     *
     * @param announcement the details that the test announced, or null
     * @param limit the time limit
     * @return null when the system is back; otherwise the end of the test
     * @throws InterruptedException if interrupted
     */
    @Nullable
    TestEnd await(ReportReceiver.@Nullable RebootAnnouncement announcement, TimeLimit limit)
            throws InterruptedException {
        Long soft = announcement == null ? null : announcement.soft();
        while (true) {
            // A full reboot is noticed by the loss of a running command, a soft reboot by the counter of systemd below.
            if (soft == null && !boot.identity().isEmpty() && staysUp(limit)) {
                return stayedUp(limit);
            }
            try {
                connection.reconnect(nonNegative(limit.left()));
                BootId now = BootId.of(connection);
                if (now.isAfter(boot) || soft != null && BootId.softRebootCount(connection) > soft) {
                    boot = now;
                    return null;
                }
                if (soft != null) {
                    if (limit.left().isNegative()) {
                        return stayedUp(limit);
                    }
                    Thread.sleep(RETRY_DELAY);
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
     * Reboots the system and waits until it is back.
     *
     * @return null when the system is back; otherwise the end of the test
     * @throws InterruptedException if interrupted
     */
    @Nullable
    TestEnd reboot() throws InterruptedException {
        TimeLimit limit = new TimeLimit(defaultLimit);
        try (RunningCommand command = connection.start(Command.bash(COMMAND).withStderr(Output.merge()))) {
            TailReader output = TailReader.start(command.stdout(), 1000);
            Optional<CommandEnd> end = command.await(defaultLimit);
            if (end.isPresent() && !end.get().succeeded()) {
                // The reboot may have killed the command. This throws if the system is down.
                connection.run(Command.of("true"));
                return TestEnd.of(
                        Outcome.ERROR,
                        "its system could not be rebooted: " + end.get() + ": "
                                + output.textAtEnd().strip());
            }
        } catch (ConnectionLostException e) {
            // The system is going down.
        }
        return await(null, limit);
    }

    /** {@return the end of a test if its system did not go down; it may still do so later, so it is unusable} */
    static TestEnd stayedUp(TimeLimit limit) {
        return new TestEnd(
                Outcome.ERROR,
                null,
                "it announced a reboot, and the system did not go down within " + Durations.words(limit.limit())
                        + " (FmfOptions.withRebootWithin, or tmt-reboot -t, sets the limit)",
                false);
    }

    private static Duration nonNegative(Duration left) {
        return left.isNegative() ? Duration.ZERO : left;
    }

    /**
     * Waits for the shutdown by running a command that never ends by itself. {@return whether the limit passed first}
     */
    private boolean staysUp(TimeLimit limit) throws InterruptedException {
        try (RunningCommand sleeper = connection.start(Command.of("sleep", "100d"))) {
            return sleeper.await(nonNegative(limit.left())).isEmpty();
        } catch (ConnectionLostException e) {
            return false;
        }
    }
}
