package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.lab.Logs;
import org.atex.lab.OpenSsh;
import org.atex.testkit.Call;
import org.atex.testkit.Fault;
import org.atex.testkit.FaultProxy;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections through jump hosts and proxy commands. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class JumpTest {
    /** The time for failing attempts that must at least log in to a jump host, also on a busy machine. */
    private static final Duration ENOUGH_FOR_THE_JUMP = Duration.ofSeconds(3);

    @TempDir
    private Path directory;

    private OpenSsh first;
    private OpenSsh second;
    private OpenSsh target;

    @BeforeEach
    void start() throws Exception {
        first = OpenSsh.start(Files.createDirectory(directory.resolve("first")));
        second = OpenSsh.start(Files.createDirectory(directory.resolve("second")));
        target = OpenSsh.start(Files.createDirectory(directory.resolve("target")));
    }

    @AfterEach
    void stop() throws Exception {
        for (OpenSsh server : new OpenSsh[] {first, second, target}) {
            if (server != null) {
                server.close();
            }
        }
        VirtualThreads.awaitNone();
    }

    private SshOptions all() throws Exception {
        Path known = Files.writeString(
                directory.resolve("known"), first.knownHost() + second.knownHost() + target.knownHost());
        SshOptions options = SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withHostKeys(HostKeys.knownHosts(known))
                .withConnectWithin(Duration.ofMinutes(2));
        for (OpenSsh server : new OpenSsh[] {first, second, target}) {
            options = options.withKey(server.directory().resolve("id"));
        }
        return options;
    }

    private static void works(SshConnection connection) throws Exception {
        assertThat(connection
                        .run(Command.of("head", "-c", "3000000", "/dev/zero"))
                        .stdoutBytes())
                .hasSize(3_000_000);
    }

    @Test
    void connectsThroughOneAndThroughTwoJumpHosts() throws Exception {
        try (SshConnection one = SshConnection.open(target.destination(), all().withJumpHosts(first.destination()));
                SshConnection two = SshConnection.open(
                        target.destination(), all().withJumpHosts(first.destination() + ", " + second.destination()))) {
            works(one);
            works(two);
            // The server sees a connection to its own port, which it gets from the last jump host.
            String peer = two.run(Command.bash("echo $SSH_CONNECTION")).stdout();
            assertThat(peer).contains(" " + target.port());
            two.upload(directory.resolve("known"), directory + "/up/known");
            assertThat(directory.resolve("up/known")).hasSameTextualContentAs(directory.resolve("known"));
        }
    }

    @Test
    void jumpHostCanHaveOptionsOfItsOwn() throws Exception {
        try (SshConnection connection = SshConnection.open(
                target.destination(),
                Logins.options(target).withJumpHosts(first.destination(), Logins.options(first)))) {
            works(connection);
        }
        assertThatThrownBy(() -> SshConnection.open(
                        target.destination(), Logins.options(target).withJumpHosts(first.destination())))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining(first.destination());
    }

    @ParameterizedTest
    @ValueSource(strings = {"first", "second", "target"})
    void hostKeyOfEachHopIsCheckedAndNamed(String wrong) throws Exception {
        String lines = "";
        for (OpenSsh server : new OpenSsh[] {first, second, target}) {
            lines += server.directory().endsWith(wrong) ? "" : server.knownHost();
        }
        OpenSsh bad = wrong.equals("first") ? first : wrong.equals("second") ? second : target;
        Path known = Files.writeString(directory.resolve("some"), lines);
        assertThatThrownBy(() -> SshConnection.open(
                        target.destination(),
                        all().withHostKeys(HostKeys.knownHosts(known))
                                .withJumpHosts(first.destination() + "," + second.destination())))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("did not connect to " + bad.destination())
                .hasMessageContaining("[127.0.0.1]:" + bad.port());
    }

    @Test
    void unreachableJumpHostIsNamed() throws Exception {
        first.kill();
        assertThatThrownBy(() -> SshConnection.open(
                        target.destination(),
                        all().withJumpHosts(first.destination()).withConnectWithin(Duration.ofMillis(300))))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining(target.destination())
                .hasMessageContaining("127.0.0.1:" + first.port());
    }

    @Test
    void targetUnreachableFromTheJumpHostIsNamed() throws Exception {
        target.kill();
        assertThatThrownBy(() -> SshConnection.open(
                        target.destination(),
                        all().withJumpHosts(first.destination()).withConnectWithin(ENOUGH_FOR_THE_JUMP)))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining(target.destination())
                .hasMessageContaining(first.destination());
        try (OpenSsh strict =
                OpenSsh.start(Files.createDirectory(directory.resolve("strict")), "AllowTcpForwarding no")) {
            assertThatThrownBy(() -> SshConnection.open(
                            target.destination(),
                            Logins.options(target)
                                    .withJumpHosts(strict.destination(), Logins.options(strict))
                                    .withConnectWithin(ENOUGH_FOR_THE_JUMP)))
                    .hasMessageContaining(strict.destination())
                    .hasMessageContaining("prohibited");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"first", "second", "target"})
    void brokenConnectionToAnyHopIsALoss(String which) throws Exception {
        OpenSsh broken = which.equals("first") ? first : which.equals("second") ? second : target;
        try (SshConnection connection = SshConnection.open(
                target.destination(), all().withJumpHosts(first.destination() + "," + second.destination()))) {
            RunningCommand command = connection.start(Command.of("sleep", "600"));
            Call<CommandEnd> waiting = Call.of(command::await).awaitBlocked();
            broken.cutConnections();
            assertThat(waiting.failure())
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(target.destination());
            connection.reconnect(Duration.ofMinutes(1));
            works(connection);
        }
    }

    @Test
    void silentJumpHostIsALoss() throws Exception {
        try (FaultProxy proxy = FaultProxy.to("127.0.0.1", first.port())) {
            SshOptions jump = all().withHostKeys(HostKeys.acceptAny());
            try (SshConnection connection = SshConnection.open(
                    target.destination(),
                    all().withKeepAlive(Duration.ofSeconds(1), 5)
                            .withJumpHosts(System.getProperty("user.name") + "@127.0.0.1:" + proxy.port(), jump))) {
                RunningCommand command = connection.start(Command.of("sleep", "600"));
                proxy.set(new Fault.Stall(Fault.Direction.TO_CLIENT, 0));
                assertThat(Call.of(command::await).failure()).isInstanceOf(ConnectionLostException.class);
            }
        }
    }

    @Test
    void connectsThroughAProxyCommand() throws Exception {
        SshOptions options = Logins.options(target)
                .withProxyCommand("bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & exec cat >&3' # as %r, 100%%");
        try (SshConnection connection = SshConnection.open(target.destination(), options)) {
            works(connection);
            connection.reconnect(Duration.ofMinutes(1));
            works(connection);
        }
    }

    @Test
    void endOfTheProxyCommandIsALoss() throws Exception {
        Path number = directory.resolve("number");
        SshOptions options = Logins.options(target)
                .withProxyCommand("bash -c 'echo $$ >" + number + "; exec 3<>/dev/tcp/%h/%p; cat <&3 & exec cat >&3'");
        try (SshConnection connection = SshConnection.open(target.destination(), options)) {
            Call<CommandEnd> waiting =
                    Call.of(connection.start(Command.of("sleep", "600"))::await).awaitBlocked();
            ProcessHandle program = ProcessHandle.of(
                            Long.parseLong(Files.readString(number).strip()))
                    .orElseThrow();
            program.descendants().forEach(ProcessHandle::destroyForcibly);
            program.destroyForcibly();
            assertThat(waiting.failure())
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(target.destination())
                    .hasMessageContaining("the proxy command bash ended with exit code 137");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "sh -c 'echo no way to %h >&2; exit 3', sh, 3: no way to 127.0.0.1",
        "sh -c 'echo SSH-2.0-none; echo sorry >&2; exit 4', sh, 4: sorry",
        "not-a-program-at-all --secret=x, not-a-program-at-all, 127: "
    })
    void failureOfTheProxyCommandIsReportedAtOnceWithItsErrors(String program, String name, String words) {
        SshOptions patient = Logins.options(target).withProxyCommand(program).withConnectWithin(Duration.ofHours(1));
        assertThatThrownBy(() -> SshConnection.open(target.destination(), patient))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining(target.destination())
                .hasMessageContaining("the proxy command " + name + " ended with exit code " + words)
                .hasMessageNotContaining("secret=")
                .hasMessageNotContaining("firewall");
    }

    /** The machine behind the proxy command may still be starting. Each reason is logged once. */
    @Test
    void failingProxyCommandIsRetriedWhileTheMachineMayBeStarting() throws Exception {
        Path up = directory.resolve("up");
        Path tries = directory.resolve("tries");
        String program = "bash -c 'echo x >>" + tries + "; test -e " + up + " || { echo $$ is down >&2; exit 1; };"
                + " exec 3<>/dev/tcp/%h/%p; cat <&3 & exec cat >&3'";
        SshOptions options = Logins.options(target).withProxyCommand(program).withConnectWithin(Duration.ofHours(1));
        try (Logs logs = new Logs()) {
            Call<SshConnection> opening = Call.of(
                    () -> SshConnection.open(Host.of(target.destination()), options, Dialer.Retry.FAILED_PROXY));
            awaitTries(tries, 4);
            Files.createFile(up);
            try (SshConnection connection = opening.result(Duration.ofMinutes(1))) {
                Files.delete(up);
                Files.delete(tries);
                Call<?> back = Call.to(() -> connection.reconnect(Duration.ofHours(1)));
                awaitTries(tries, 2);
                Files.createFile(up);
                back.result(Duration.ofMinutes(1));
                assertThat(connection.run(Command.of("echo", "back")).stdout()).isEqualTo("back\n");
            }
            assertThat(logs.messages(Level.INFO).stream().filter(line -> line.contains("is down")))
                    .as("once for open and once for reconnect")
                    .hasSize(2);
        }
    }

    private static void awaitTries(Path tries, int count) throws Exception {
        Call.eventually(count + " tries", () -> tries.toFile().length() >= 2L * count);
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit 3", "not-a-program-at-all", "sleep 600", "cat", "exec true"})
    void proxyCommandThatDoesNotConnectIsReported(String program) throws Exception {
        assertThatThrownBy(() -> SshConnection.open(
                        target.destination(),
                        Logins.options(target).withProxyCommand(program).withConnectWithin(Duration.ofMillis(300))))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining(target.destination());
    }
}
