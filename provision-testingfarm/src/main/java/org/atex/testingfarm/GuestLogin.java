package org.atex.testingfarm;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.ssh.Host;
import org.atex.ssh.HostKeys;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;
import org.atex.ssh.SshRefusedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets into a guest. The key that it comes with at first contact is the one that it must come with from then on. The guest
 * lets nobody in before its test has begun, and is asked until it does.
 */
final class GuestLogin {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final String MARK = "atex-is-in";

    /** Newer servers lock out for a while whoever fails to log in more often than that. */
    private static final Duration PAUSE = Duration.ofSeconds(10);

    /** Opens connections. */
    @FunctionalInterface
    interface Connector {
        Connection open(Host host, SshOptions options) throws InterruptedException;

        static Connector ssh() {
            return SshConnection::open;
        }
    }

    private final FarmSettings settings;
    private final Host host;
    private final SshOptions options;

    GuestLogin(FarmSettings settings, Host host, RunKey key, Path knownHosts) {
        this.settings = settings;
        this.host = settings.hosts().apply(host);
        this.options = key.options().withHostKeys(HostKeys.acceptNew(knownHosts));
    }

    /** {@return where the guest is} */
    Host host() {
        return host;
    }

    /**
     * {@return a connection over which commands run}
     *
     * @throws AtexException if there is none in time; its message has the last reason
     */
    Connection connect() throws InterruptedException {
        Instant end = settings.clock().instant().plus(settings.sshWithin());
        while (true) {
            Duration left = Duration.between(settings.clock().instant(), end);
            AtexException reason;
            try {
                Connection connection = settings.connector()
                        .open(host, options.withConnectWithin(left.isPositive() ? left : Duration.ofSeconds(1)));
                reason = refusal(connection);
                if (reason == null) {
                    return connection;
                }
            } catch (SshRefusedException | ConnectionLostException e) {
                reason = e;
            }
            if (!settings.clock().instant().plus(PAUSE).isBefore(end)) {
                throw reason;
            }
            LOG.debug("{} does not let us in yet: {}", host, reason.getMessage());
            settings.pause().sleep(PAUSE);
        }
    }

    /** Being logged in is not enough: some images only tell whoever comes as root to come as somebody else. */
    private @Nullable AtexException refusal(Connection connection) throws InterruptedException {
        boolean kept = false;
        try {
            CommandResult result = connection.run(Command.of("echo", MARK));
            kept = result.succeeded() && result.stdout().strip().endsWith(MARK);
            return kept
                    ? null
                    : new ConnectionLostException(
                            host + " lets us in and runs no commands; it says: "
                                    + Redaction.plain(result.stdout() + " " + result.stderr()),
                            null);
        } catch (ConnectionLostException e) {
            return e;
        } finally {
            if (!kept) {
                connection.close();
            }
        }
    }
}
