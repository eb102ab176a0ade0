package org.atex.ssh;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Remote;
import org.atex.api.SystemHook;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is done with a host that is given back, before its connection is closed. Bounded in time. */
final class HostCleanUp {
    private static final Logger LOG = LoggerFactory.getLogger(SshProvisioner.class);
    private static final Duration LAST_MOMENT = Duration.ofSeconds(1);

    private HostCleanUp() {}

    /**
     * Looks whether the host still answers, cleans it up, and closes the connection.
     *
     * @return why it is of no use any more, or null if it is
     */
    static @Nullable String of(Host host, Remote remote, @Nullable SystemHook cleanUp, Duration within) {
        AtomicReference<@Nullable String> problem = new AtomicReference<>("it did not answer within "
                + within.toMillis() + " ms when it was given back" + (cleanUp == null ? "" : " and cleaned up"));
        try {
            Thread cleaning = Threads.start("clean-" + host, () -> problem.set(problemOf(host, remote, cleanUp)));
            if (!Threads.join(List.of(cleaning), within)) {
                cleaning.interrupt();
                Threads.join(List.of(cleaning), LAST_MOMENT);
            }
            return problem.get();
        } finally {
            close(host, remote.connection());
        }
    }

    /** {@return null: it is of use, for all that is known} */
    static @Nullable String close(Host host, Connection connection) {
        try {
            connection.close();
        } catch (RuntimeException e) {
            LOG.warn("the connection to {} was not closed cleanly", host, e);
        }
        return null;
    }

    private static @Nullable String problemOf(Host host, Remote remote, @Nullable SystemHook cleanUp) {
        try {
            // How it exits does not matter: a lost connection throws.
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
