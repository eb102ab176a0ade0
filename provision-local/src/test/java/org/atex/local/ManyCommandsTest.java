package org.atex.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Hundreds of commands at once, with file descriptors above 1023, which select(2) does not support. */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class ManyCommandsTest {
    private static final int COMMANDS = 400;

    @Test
    void fileDescriptorsAbove1023AreSupported() throws Exception {
        Assumptions.assumeTrue(
                openFilesAllowed() > 3 * COMMANDS + 200, "the limit of open files is too low on this machine");
        try (LocalConnection connection = LocalConnection.open();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<RunningCommand> commands = new ArrayList<>();
            List<Future<String>> outputs = new ArrayList<>();
            for (int i = 0; i < COMMANDS; i++) {
                RunningCommand command = connection.start(Command.of("cat").withStdin(Input.pipe()));
                commands.add(command);
                outputs.add(threads.submit(() -> new String(command.stdout().readAllBytes(), UTF_8)));
            }
            for (int i = 0; i < COMMANDS; i++) {
                RunningCommand command = commands.get(i);
                command.stdin().write(("command " + i).getBytes(UTF_8));
                command.stdin().close();
                assertThat(outputs.get(i).get()).isEqualTo("command " + i);
                assertThat(command.await()).isEqualTo(new CommandEnd.Exited(0));
            }
        }
    }

    private static long openFilesAllowed() throws Exception {
        return Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(line -> line.startsWith("Max open files"))
                .map(line -> line.split(" +", -1)[3])
                .mapToLong(limit -> limit.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(limit))
                .findFirst()
                .orElse(0);
    }
}
