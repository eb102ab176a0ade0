package org.atex.ssh;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Remote;
import org.atex.api.SystemHook;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks and cleans up a host that is given back, and closes its connection. */
final class HostCleanUp {
    private static final Logger LOG = LoggerFactory.getLogger(SshProvisioner.class);

    /** The time for a hook to end after it was interrupted. */
    private static final Duration INTERRUPT_TIMEOUT = Duration.ofSeconds(1);

    private HostCleanUp() {}

    /**
     * Checks that the host still answers, runs the clean-up hook, and closes the connection, also after a failure. A
     * hook that takes too long is interrupted and left to itself 1 s later.
     *
     * @param cleanUp the hook, or null for none
     * @param within the time for the check and the hook together
     * @return null if the host can be used again, otherwise the reason why not
     */
    static @Nullable String checkAndClose(Host host, Remote remote, @Nullable SystemHook cleanUp, Duration within) {
        // The result if the thread below does not finish.
        AtomicReference<@Nullable String> problem = new AtomicReference<>("it did not answer within "
                + within.toMillis() + " ms when it was given back" + (cleanUp == null ? "" : " and cleaned up"));
        try {
            Thread cleaning = Threads.start("clean-" + host, () -> problem.set(problemOf(host, remote, cleanUp)));
            if (!Threads.join(List.of(cleaning), within)) {
                cleaning.interrupt();
                Threads.join(List.of(cleaning), INTERRUPT_TIMEOUT);
            }
            return problem.get();
        } finally {
            closeOnly(host, remote.connection());
        }
    }

    /** Closes the connection without a check. {@return null, for "can be used again"} */
    static @Nullable String closeOnly(Host host, Connection connection) {
        try {
            connection.close();
        } catch (RuntimeException e) {
            LOG.warn("could not close the connection to {} cleanly", host, e);
        }
        return null;
    }

    private static @Nullable String problemOf(Host host, Remote remote, @Nullable SystemHook cleanUp) {
        try {
            // The exit code does not matter: a lost connection throws.
            remote.connection().run(Command.of("true"));
            if (cleanUp != null) {
                cleanUp.run(remote);
            }
            return null;
        } catch (InterruptedException e) {
            return "it was not cleaned up in time";
        } catch (RuntimeException e) {
            LOG.debug("{} failed when it was given back", host, e);
            return "it failed when it was given back: " + e.getMessage();
        }
    }
}
