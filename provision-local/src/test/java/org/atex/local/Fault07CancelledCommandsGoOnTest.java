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

/** The peer's fault 7: cancelled tests go on running on the system, even after disconnecting. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class Fault07CancelledCommandsGoOnTest {
    /** Prints the numbers of five sleeping processes: a child, a daemon, its child, one without environment, one in both. */
    private static final Command MANY = Command.bash("""
        sleep 1000 & echo $!
        (setsid sleep 1000 & echo $!)
        exec 3< <(exec setsid bash -c 'setsid sleep 1000 & echo $!; exec sleep 1000')
        read -r pid <&3; echo $pid
        env -i sleep 1000 & echo $!
        env -i setsid sleep 1000 & echo $!
        wait
        """);

    @Test
    void everyProcessEndsWithItsCommand() throws Exception {
        try (LocalConnection connection = LocalConnection.open()) {
            RunningCommand command = connection.start(MANY);
            List<ProcessHandle> processes = processes(command);
            command.close();
            assertEnded(processes);
        }
    }

    @Test
    void everyProcessEndsWithTheConnection() throws Exception {
        List<ProcessHandle> processes = new ArrayList<>();
        try (LocalConnection connection = LocalConnection.open()) {
            for (int i = 0; i < 6; i++) {
                processes.addAll(processes(connection.start(MANY)));
            }
        }
        assertEnded(processes);
    }

    @Test
    void daemonOfACommandThatEndedItselfEndsWithIt() throws Exception {
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

    /** Dead, though perhaps not yet noticed by whoever became their parent. */
    private static void assertEnded(List<ProcessHandle> processes) {
        assertThat(processes).allSatisfy(process -> {
            Proc.Stat stat = Proc.stat(process.pid());
            assertThat(stat == null || stat.dead()).as(process.toString()).isTrue();
        });
    }
}
