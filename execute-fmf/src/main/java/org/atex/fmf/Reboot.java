package org.atex.fmf;

import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Outcome;
import org.atex.api.RunningCommand;
import org.atex.api.TestEnd;
import org.atex.fmf.control.TimeLimit;
import org.jspecify.annotations.Nullable;

/** Follows a system through the reboots that tests announce. For one thread. */
final class Reboot {
    private final Connection connection;
    private Boot boot;

    Reboot(Connection connection, Boot boot) {
        this.connection = connection;
        this.boot = boot;
    }

    /**
     * Waits until the system has gone down and come back, and takes no answer of one that is still going down for that.
     *
     * @param limit the test's
     * @return null when it is back; otherwise how the test ends
     * @throws InterruptedException if interrupted
     */
    @Nullable
    TestEnd follow(TimeLimit limit) throws InterruptedException {
        while (true) {
            if (!boot.identity().isEmpty() && staysUp(limit)) {
                return TestEnd.of(
                        Outcome.TIMED_OUT,
                        LiveTest.timedOut(limit).note()
                                + ": it announced a reboot by 'disconnect', and the system did not go down");
            }
            try {
                connection.reconnect(atLeastNothing(limit.left()));
                Boot now = Boot.of(connection);
                if (now.isAfter(boot)) {
                    boot = now;
                    return null;
                }
            } catch (ConnectionLostException e) {
                if (limit.left().isNegative()) {
                    return TestEnd.of(
                            Outcome.LOST,
                            "it announced a reboot by 'disconnect', and the system did not come back within its duration: "
                                    + e.getMessage());
                }
            }
        }
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
