package org.atex.local;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.RunningCommand;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Closing a command or its connection ends all processes of the command. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class ProcessCleanupTest {
    // Prints the ids of five sleeping processes: a child, a daemon, a child of a daemon, a child without environment,
    // and a daemon without environment.
    private static final Command FIVE_PROCESSES = Command.bash("""
        sleep 1000 & echo $!
        (setsid sleep 1000 & echo $!)
        exec 3< <(exec setsid bash -c 'setsid sleep 1000 & echo $!; exec sleep 1000')
        read -r pid <&3; echo $pid
        env -i sleep 1000 & echo $!
        env -i setsid sleep 1000 & echo $!
        wait
        """);

    @Test
    void closingACommandEndsItsProcesses() throws Exception {
        try (LocalConnection connection = LocalConnection.open()) {
            RunningCommand command = connection.start(FIVE_PROCESSES);
            List<ProcessHandle> processes = processes(command);
            command.close();
            assertEnded(processes);
        }
    }

    @Test
    void closingTheConnectionEndsAllProcesses() throws Exception {
        List<ProcessHandle> processes = new ArrayList<>();
        try (LocalConnection connection = LocalConnection.open()) {
            for (int i = 0; i < 6; i++) {
                processes.addAll(processes(connection.start(FIVE_PROCESSES)));
            }
        }
        assertEnded(processes);
    }

    @Test
    void closingAnEndedCommandEndsItsDaemons() throws Exception {
        try (LocalConnection connection = LocalConnection.open()) {
            ProcessHandle daemon;
            try (RunningCommand command =
                    connection.start(Command.bash("(setsid sleep 1000 & echo $!); (sleep 1000 &); exit 3"))) {
                daemon = next(reader(command));
                assertThat(command.await().shellCode()).isEqualTo(3);
            }
            assertEnded(List.of(daemon));
        }
    }

    private static List<ProcessHandle> processes(RunningCommand command) throws IOException {
        List<ProcessHandle> processes = new ArrayList<>();
        BufferedReader lines = reader(command);
        for (int i = 0; i < 5; i++) {
            processes.add(next(lines));
        }
        return processes;
    }

    private static BufferedReader reader(RunningCommand command) {
        return new BufferedReader(new InputStreamReader(command.stdout(), StandardCharsets.UTF_8));
    }

    private static ProcessHandle next(BufferedReader lines) throws IOException {
        String pid = requireNonNull(lines.readLine(), "the command ended early");
        return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    }

    /** Asserts that the processes have ended; zombies count as ended, since another process must reap them. */
    private static void assertEnded(List<ProcessHandle> processes) {
        assertThat(processes).allSatisfy(process -> {
            Proc.Stat stat = Proc.stat(process.pid());
            assertThat(stat == null || stat.dead()).as(process.toString()).isTrue();
        });
    }
}
