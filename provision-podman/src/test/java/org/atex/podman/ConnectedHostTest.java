package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.local.LocalConnection;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Runs of a program in the place of podman. */
@Timeout(120)
@ExtendWith(LeakCheck.class)
class ConnectedHostTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    // The length of a pause that no other program makes.
    private static final String SECONDS = "100047";

    @TempDir
    private Path directory;

    private static List<String> sleeping() {
        return ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .filter(line -> line.endsWith("sleep " + SECONDS))
                .toList();
    }

    @Test
    void nothingRunsAfterAnInterruptAtAnyMoment() throws Exception {
        Random random = new Random(22);
        try (LocalConnection connection = LocalConnection.open()) {
            ConnectedHost host = new ConnectedHost(connection, "this machine");
            for (int i = 0; i < 100; i++) {
                Call<PodmanHost.End> call =
                        Call.of(() -> host.run(List.of("sleep", SECONDS), "sleep", LONG, line -> {}));
                LockSupport.parkNanos(random.nextInt(8_000_000));
                call.interrupt();

                assertThat(call.failure()).isInstanceOf(InterruptedException.class);
                assertThat(sleeping()).as("after the interrupt of run %s", i).isEmpty();
            }
        }
        assertThat(sleeping()).as("programs that started late").isEmpty();
    }

    @Test
    void scriptWhoseCallerHasGoneStartsNothing() throws Exception {
        Path file = directory.resolve("file");
        Command script = Command.bash(Scripts.read("host-podman.sh"), "1", "touch", file.toString());
        try (LocalConnection connection = LocalConnection.open()) {
            assertThat(connection.run(script).succeeded()).isFalse();
            assertThat(file).doesNotExist();
        }
    }

    @Test
    void programThatIgnoresItsTerminationIsKilled() throws Exception {
        String stubborn = "trap '' TERM; echo up; while :; do read -r -t 100 <> <(:); done";
        Command script = Command.bash(Scripts.read("host-podman.sh"), "1", "bash", "-c", stubborn);
        try (LocalConnection connection = LocalConnection.open();
                RunningCommand running = connection.start(script.withStdin(Input.pipe()))) {
            running.stdin().write('\n');
            running.stdin().flush();
            assertThat(running.stdout().readNBytes(3)).asString().isEqualTo("up\n");

            running.stdin().close();

            assertThat(running.await(LONG)).contains(new CommandEnd.Signalled("KILL"));
        }
    }

    @Test
    void programThatTakesTooLongIsTerminated() throws Exception {
        try (LocalConnection connection = LocalConnection.open()) {
            ConnectedHost host = new ConnectedHost(connection, "this machine");

            assertThatThrownBy(() -> host.run(List.of("sleep", SECONDS), "sleep", Duration.ofMillis(100), line -> {}))
                    .hasMessageContaining("'podman sleep' did not end within");
            assertThat(sleeping()).isEmpty();
        }
    }
}
