package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.api.Command;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.lab.BehindJump;
import org.atex.lab.Lab;
import org.atex.lab.SshSystem;
import org.atex.testkit.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Systems in containers: their network is cut, their servers have limits, and they are killed. */
@Timeout(300)
class SshSystemsTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    @RegisterExtension
    final Lab lab = new Lab();

    private static SshOptions options(SshSystem... systems) {
        return SshOptions.defaults()
                .withoutConfig()
                .withoutAgent()
                .withConnectWithin(Duration.ofMinutes(2))
                .withKey(systems[0].key())
                .withHostKeys(HostKeys.knownHosts(
                        List.of(systems).stream().map(SshSystem::knownHosts).toArray(Path[]::new)))
                .withKeepAlive(Duration.ofSeconds(1), 5);
    }

    @Test
    void aCutNetworkIsDetectedAndReconnectSucceeds() throws Exception {
        SshSystem system = lab.ssh();
        try (SshConnection connection = SshConnection.open(system.destination(), options(system))) {
            RunningCommand command = connection.start(Command.of("sleep", "1000"));
            Call<?> waiting = Call.of(command::await).awaitBlocked();

            system.container().cutNetwork();
            assertThat(waiting.failure())
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining(system.address());

            Call<?> back = Call.to(() -> connection.reconnect(LONG));
            system.container().restoreNetwork();
            back.result(LONG);
            assertThat(connection.run(Command.of("echo", "here")).stdout()).isEqualTo("here\n");
        }
    }

    @Test
    void commandsWaitForAFreeChannel() throws Exception {
        SshSystem system = lab.ssh("-oMaxSessions=2");
        try (SshConnection connection = SshConnection.open(system.destination(), options(system))) {
            List<Call<String>> calls = IntStream.range(0, 12)
                    .mapToObj(i -> Call.of(
                            () -> connection.run(Command.of("echo", "" + i)).stdout()))
                    .toList();
            for (int i = 0; i < calls.size(); i++) {
                assertThat(calls.get(i).result(LONG)).isEqualTo(i + "\n");
            }
        }
    }

    @Test
    void aKilledSystemIsLost() throws Exception {
        SshSystem system = lab.ssh();
        try (SshConnection connection = SshConnection.open(system.destination(), options(system))) {
            RunningCommand command = connection.start(Command.of("sleep", "1000"));
            Call<?> waiting = Call.of(command::await).awaitBlocked();
            system.container().kill();
            assertThat(waiting.failure()).isInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void aKilledServerLeavesNoCommandRunning() throws Exception {
        SshSystem system = lab.bootedSsh();
        try (SshConnection connection = SshConnection.open(system.destination(), options(system))) {
            RunningCommand command = connection.start(Command.bash("setsid sleep 4711 & sleep 4711"));
            Call<?> waiting = Call.of(command::await).awaitBlocked();
            // Only processes of the service itself: commands run in sessions of their own.
            system.container().exec("pkill", "-KILL", "sshd");
            assertThat(waiting.failure()).isInstanceOf(ConnectionLostException.class);

            connection.reconnect(LONG);
            connection
                    .run(Command.bash("while pgrep -f 'sleep 471[1]'; do sleep 0.05; done"))
                    .orThrow();
        }
    }

    @Test
    void aSystemBehindAJumpHostIsReached() throws Exception {
        BehindJump two = lab.behindJump();
        SshOptions options =
                options(two.target(), two.jump()).withJumpHosts(two.jump().destination());
        try (SshConnection connection = SshConnection.open(two.target().destination(), options)) {
            assertThat(connection.run(Command.of("hostname")).stdout().strip())
                    .isEqualTo(two.target().container().id().substring(0, 12));
        }
    }
}
