package org.atex.libvirt;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.ssh.Host;
import org.atex.ssh.SshConnection;
import org.atex.ssh.SshOptions;
import org.atex.support.Deadline;

/** Connects to virtual machines over ssh, at the port of the host that QEMU forwards. */
final class SshConnector implements GuestConnector {
    /** Enough for a virtual machine that runs already. */
    private static final Duration FIRST_ATTEMPT = Duration.ofSeconds(2);

    /**
     * Waits for the greeting of the server. QEMU accepts connections for a virtual machine that does not listen yet, and
     * then tries to reach it after longer and longer pauses: a new connection gets an answer earlier. They overlap, as a
     * slow server needs time for the greeting.
     */
    private static final String AWAIT = """
        exec {answers}<> <(:)
        SECONDS=0
        while ((SECONDS < $2)); do
            # Few at a time: servers limit the connections without a login.
            milliseconds=$((250 + 50 * SECONDS))
            printf -v pause %d.%03d $((milliseconds / 1000)) $((milliseconds % 1000))
            {
                if ! exec 3<>"/dev/tcp/127.0.0.1/$1"; then
                    echo ended >&$answers
                elif read -r -t $((1 + SECONDS / 6)) -u 3 greeting && [[ $greeting == SSH-* ]]; then
                    echo greeted >&$answers
                fi
            } 2>/dev/null &
            read -r -t $pause -u $answers && break
        done
        kill $(jobs -p) 2>/dev/null
        exit 0
        """;

    private final SshOptions options;
    private final boolean local;

    /**
     * Creates a connector.
     *
     * @param local whether the host must be this machine
     */
    SshConnector(SshOptions options, boolean local) {
        this.options = options;
        this.local = local;
    }

    @Override
    public Connection connect(Guest guest) throws InterruptedException {
        if (local && !guest.host().isThisMachine()) {
            throw new IllegalStateException("the virtual machine " + guest.name() + " is on " + guest.host()
                    + ", and not on this machine: name that host as the jump host with"
                    + " GuestConnector.ssh(jumpHosts, jumpOptions, options)");
        }
        if (guest.port() == 0) {
            throw new IllegalStateException("the virtual machine " + guest.name()
                    + " has no network for ssh: use the network USER or ISOLATED, or GuestConnector.serial");
        }
        return new Rebooting(open(guest), guest);
    }

    private SshConnection open(Guest guest) throws InterruptedException {
        Host server = Host.of(guest.address()).withPort(guest.port());
        Duration most = guest.attempt();
        return connect(guest, guest.within(), within -> {
            Duration limit = within.compareTo(most) < 0 ? within : most;
            return SshConnection.open(server, options.withConnectWithin(limit));
        });
    }

    private interface Attempt<T> {
        T run(Duration within) throws InterruptedException;
    }

    /**
     * {@return the result of the first attempt that succeeds} There are two at most, one of them after the server greeted.
     *
     * @throws ConnectionLostException if none succeeds within the time
     */
    private static <T> T connect(Guest guest, Duration within, Attempt<T> attempt) throws InterruptedException {
        Deadline deadline = Deadline.in(within);
        if (within.compareTo(FIRST_ATTEMPT) > 0) {
            try {
                return attempt.run(FIRST_ATTEMPT);
            } catch (ConnectionLostException e) {
                awaitGreeting(guest, deadline);
                if (deadline.left().toSeconds() == 0) {
                    throw new ConnectionLostException(
                            "could not connect to " + guest.name() + " within " + within.toSeconds()
                                    + " s: its ssh server did not answer",
                            e);
                }
            }
        }
        return attempt.run(deadline.left());
    }

    /** Returns when the server has greeted, the time is over, or the virtual machine has ended. */
    private static void awaitGreeting(Guest guest, Deadline deadline) throws InterruptedException {
        String seconds = Long.toString(deadline.left().toSeconds());
        var unused = guest.host().run(Command.bash(AWAIT, Integer.toString(guest.port()), seconds));
    }

    /** A connection that is made again as the first one was. */
    private record Rebooting(SshConnection connection, Guest guest) implements Connection {
        @Override
        public RunningCommand start(Command command) throws InterruptedException {
            return connection.start(command);
        }

        @Override
        public void upload(Path source, String target) throws InterruptedException {
            connection.upload(source, target);
        }

        @Override
        public void download(String source, Path target) throws InterruptedException {
            connection.download(source, target);
        }

        @Override
        public void reconnect(Duration within) throws InterruptedException {
            connect(guest, within, left -> {
                connection.reconnect(left);
                return connection;
            });
        }

        @Override
        public boolean isThisMachine() {
            return connection.isThisMachine();
        }

        @Override
        public List<String> loginCommand() {
            return connection.loginCommand();
        }

        @Override
        public void close() {
            connection.close();
        }

        @Override
        public String toString() {
            return connection.toString();
        }
    }
}
