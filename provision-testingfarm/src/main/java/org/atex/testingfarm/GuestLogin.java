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
 * Logs in to a guest. The host key of the first contact is stored and required from then on. A guest refuses logins
 * until the reserve test has installed the key, so attempts are repeated.
 */
final class GuestLogin {
    private static final Logger LOG = LoggerFactory.getLogger(TestingFarmProvisioner.class);
    private static final String MARK = "atex-is-in";

    /**
     * The pause between two attempts: newer OpenSSH servers block a client for some time if its logins fail more often.
     */
    private static final Duration RETRY_PAUSE = Duration.ofSeconds(10);

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

    /** {@return the address of the guest} */
    Host host() {
        return host;
    }

    /**
     * {@return a connection that runs commands}
     *
     * @throws AtexException the failure of the last attempt, if all attempts within the time limit fail
     */
    Connection connect() throws InterruptedException {
        Instant end = settings.clock().instant().plus(settings.sshWithin());
        while (true) {
            Duration left = Duration.between(settings.clock().instant(), end);
            AtexException reason;
            try {
                Connection connection = settings.connector()
                        .open(host, options.withConnectWithin(left.isPositive() ? left : Duration.ofSeconds(1)));
                reason = probe(connection);
                if (reason == null) {
                    return connection;
                }
            } catch (SshRefusedException | ConnectionLostException e) {
                reason = e;
            }
            if (!settings.clock().instant().plus(RETRY_PAUSE).isBefore(end)) {
                throw reason;
            }
            LOG.debug("could not log in to {} yet: {}", host, reason.getMessage());
            settings.sleeper().sleep(RETRY_PAUSE);
        }
    }

    /**
     * Runs a command, since a login is not sufficient: some images accept root only to print which user to log in as.
     * {@return the failure, or null if commands run}
     */
    private @Nullable AtexException probe(Connection connection) throws InterruptedException {
        boolean usable = false;
        try {
            CommandResult result = connection.run(Command.of("echo", MARK));
            usable = result.succeeded() && result.stdout().strip().endsWith(MARK);
            return usable
                    ? null
                    : new ConnectionLostException(
                            host + " accepts the login but runs no commands; its output: "
                                    + Redaction.singleLine(result.stdout() + " " + result.stderr()),
                            null);
        } catch (ConnectionLostException e) {
            return e;
        } finally {
            if (!usable) {
                connection.close();
            }
        }
    }
}
