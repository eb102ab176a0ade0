package org.atex.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.RunningCommand;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Killing a program ends its commands, and closing a connection ends its guard process. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class KilledProgramTest {
    /** The program to kill: it prints the ids of the processes that it has started, and waits. */
    static final class Program {
        public static void main(String[] arguments) throws Exception {
            LocalConnection connection = LocalConnection.open();
            RunningCommand command = connection.start(Command.bash("echo $$; sleep 600 & echo $!; wait"));
            RunningCommand daemon =
                    connection.start(Command.bash("setsid sh -c 'echo $$; sleep 600; true' & echo $!; sleep 600"));
            for (RunningCommand one : List.of(command, daemon)) {
                BufferedReader output = new BufferedReader(new InputStreamReader(one.stdout()));
                System.out.println(output.readLine() + "\n" + output.readLine());
            }
            System.out.println(connection.pipeDirectory());
            command.await();
        }
    }

    @Test
    void commandsEndWithTheProgram() throws Exception {
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<ProcessHandle> started;
        Path pipes;
        Process opening;
        try (BufferedReader output = program.inputReader()) {
            started = Stream.of(output.readLine(), output.readLine(), output.readLine(), output.readLine())
                    .map(Long::parseLong)
                    .distinct()
                    .map(pid -> ProcessHandle.of(pid).orElseThrow())
                    .toList();
            pipes = Path.of(output.readLine());
            assertThat(pipes).isDirectory();
            assertThat(started).hasSizeGreaterThan(2).allMatch(ProcessHandle::isAlive);
            // As a process of a shell that is about to become a command.
            opening = new ProcessBuilder("bash", "-c", "exec 3<\"$1/p63\" 4>\"$1/p64\"", "bash", pipes.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            assertThat(opening.waitFor(100, TimeUnit.MILLISECONDS))
                    .as("it waits for the other end of the pipe")
                    .isFalse();
        } finally {
            program.destroyForcibly().waitFor();
        }
        for (ProcessHandle process : started) {
            process.onExit().get(20, TimeUnit.SECONDS);
        }
        assertThat(opening.waitFor(20, TimeUnit.SECONDS))
                .as("a process that was opening pipes does not wait any more")
                .isTrue();
        Call.eventually("the directory of named pipes is removed", () -> !Files.exists(pipes));
    }

    @Test
    void closedConnectionLeavesNothing() throws Exception {
        Path pipes;
        try (LocalConnection connection = LocalConnection.open()) {
            connection.run(Command.of("true")).orThrow();
            assertThat(guards()).isEqualTo(1);
            pipes = connection.pipeDirectory();
            assertThat(pipes).isDirectory();
        }
        assertThat(guards()).isZero();
        assertThat(pipes).doesNotExist();
    }

    private static long guards() {
        return ProcessHandle.current()
                .children()
                .filter(child -> commandLine(child).contains("atex-guard"))
                .count();
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
        } catch (IOException e) {
            return ""; // the process has ended
        }
    }
}
