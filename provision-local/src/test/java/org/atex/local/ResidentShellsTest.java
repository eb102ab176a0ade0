package org.atex.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.testkit.Call;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Commands that resident shells start are like those that the JVM starts, whatever the environment is. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class ResidentShellsTest {
    /** Prints what the kernel knows about a command of each kind of connection. */
    static final class Queries {
        // No shell, since a shell changes variables and signals.
        private static final List<List<String>> ALL = List.of(
                List.of("env", "-0", "-u", ProcessTree.VARIABLE),
                List.of("pwd", "-P"),
                List.of("grep", "-E", "^(Umask|Uid|Gid|Groups|Sig(Blk|Ign)|Cap)", "/proc/self/status"),
                List.of("cat", "/proc/self/limits", "/proc/self/cgroup", "/proc/self/oom_score_adj"),
                List.of("ls", "/proc/self/fd"));

        public static void main(String[] arguments) throws Exception {
            try (LocalConnection connection = switch (arguments[0]) {
                case "bash" -> LocalConnection.open();
                case "python" -> LocalConnection.withPython();
                default -> LocalConnection.withoutShells();
            }) {
                for (List<String> query : ALL) {
                    Command command = Command.of(query).withStderr(Output.merge());
                    System.out.println(connection.run(command).stdout());
                }
                System.out.println(connection
                        .run(Command.bash("[[ $(ps -o pgid= $$) -eq $$ ]] && printf '%s' \"$OWN\"")
                                .withEnvironment("OWN", "given"))
                        .stdout());
            }
        }
    }

    private static String answers(String kind, Map<String, String> environment) throws Exception {
        ProcessBuilder program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Queries.class.getName(),
                        kind)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        program.environment().remove("_");
        program.environment().putAll(environment);
        Process process = program.start();
        String answers = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
        assertThat(process.waitFor()).isZero();
        // bash sets the variable _ to the path of each program that it executes.
        return Stream.of(answers.split("[\0\n]", -1))
                .filter(line -> !line.startsWith("_="))
                .sorted()
                .reduce("", (all, line) -> all + line + "\n");
    }

    LocalConnection connect() {
        return LocalConnection.open();
    }

    @Test
    void commandsEqualThoseOfTheJvm() throws Exception {
        Map<String, String> odd = new TreeMap<>(Map.of(
                "BASH_ENV", "/nowhere/script",
                "POSIXLY_CORRECT", "1",
                "SHELLOPTS", "braceexpand:errexit:hashall:xtrace",
                "CDPATH", "/:/usr",
                "SHLVL", "7",
                "LC_ALL", "no_SUCH.UTF-8",
                "UID", "77",
                "with.dot", "a b",
                "BASH_FUNC_builtins%%", "() {  echo function\n}"));
        odd.put("n", "8");
        odd.put("IFS", "0");
        odd.put("OLDPWD", "/usr");

        for (Map<String, String> environment : List.of(Map.<String, String>of(), odd)) {
            String expected = answers("jvm", environment);
            assertThat(answers("bash", environment)).contains("given").isEqualTo(expected);
            assertThat(answers("python", environment)).isEqualTo(expected);
        }
    }

    @Test
    void exportedFunctionsDoNotReplaceBuiltins() throws Exception {
        Map<String, String> functions = new TreeMap<>();
        for (String name : List.of("cd", "read", "echo", "eval", "wait", "set", "export", "exec", "exit")) {
            functions.put("BASH_FUNC_" + name + "%%", "() {  printf 'function'\n}");
        }

        assertThat(answers("bash", functions)).isEqualTo(answers("jvm", functions));
    }

    @Test
    void commandWhoseShellIsKilledIsLostAndEnded() throws Exception {
        try (LocalConnection connection = connect()) {
            RunningCommand command = connection.start(Command.bash("echo $$; kill -9 $PPID; exec sleep 1000"));
            ProcessHandle process =
                    ProcessHandle.of(Long.parseLong(firstLine(command))).orElseThrow();

            assertThatThrownBy(command::await)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("a shell of this program, was killed");
            command.close();
            process.onExit().get(20, TimeUnit.SECONDS);

            assertThat(connection.run(Command.of("echo", "next")).stdout()).isEqualTo("next\n");
        }
    }

    @Test
    void idleShellThatIsKilledIsReplaced() throws Exception {
        try (LocalConnection connection = connect()) {
            for (int i = 0; i < 20; i++) {
                long shell = Long.parseLong(
                        connection.run(Command.bash("echo $PPID")).stdout().strip());
                ProcessHandle handle = ProcessHandle.of(shell).orElseThrow();
                handle.destroyForcibly();

                assertThat(connection.run(Command.of("echo", "next")).stdout()).isEqualTo("next\n");
            }
        }
    }

    @Test
    void stoppedCommandIsNotEnded() throws Exception {
        try (LocalConnection connection = connect();
                RunningCommand command = connection.start(Command.bash("echo $$; kill -STOP $$; exit 7"))) {
            String process = firstLine(command);
            Call.eventually("the command is stopped", () -> isStopped(process));

            assertThat(command.await(Duration.ofMillis(100))).isEmpty();
            new ProcessBuilder("kill", "-CONT", process).start().waitFor();
            assertThat(command.await()).isEqualTo(new CommandEnd.Exited(7));
        }
    }

    private static boolean isStopped(String process) {
        try {
            return Files.readString(Path.of("/proc", process, "stat")).contains(") T ");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void pipesThatWereRemovedAreCreatedAgain(@TempDir Path temporary) throws Exception {
        try (LocalConnection connection = connect()) {
            connection.run(Command.of("true")).orThrow();
            Path directory = connection.pipeDirectory();
            assertThat(directory).isNotNull();
            for (int i = 0; i < 3; i++) {
                new ProcessBuilder("rm", "-rf", directory.toString()).start().waitFor();

                assertThat(connection.run(Command.of("echo", "next")).stdout()).isEqualTo("next\n");
            }
        }
    }

    @Test
    void filesInMemoryAreOpenedByShells() throws Exception {
        Path file = Files.createTempFile(Path.of("/dev/shm"), "atex-test-", null);
        try (LocalConnection connection = connect()) {
            // The parent of a command is its shell or this program.
            connection
                    .run(Command.bash("echo $PPID").withStdout(Output.file(file)))
                    .orThrow();

            assertThat(Files.readString(file).strip())
                    .as("parent process")
                    .isNotEqualTo(Long.toString(ProcessHandle.current().pid()));
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void filesThatAreNotPlainAreOpenedOnce(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("pipe");
        new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor();
        Process writer = new ProcessBuilder("sh", "-c", "echo line >" + pipe).start();
        try (LocalConnection connection = connect()) {
            Command command = Command.of("cat").withStdin(Input.file(pipe));

            assertThat(connection.run(command).stdout()).isEqualTo("line\n");
            assertThat(writer.waitFor()).isZero();
            assertThat(connection
                            .run(Command.of("echo", "next").withStdout(Output.file(Path.of("/dev/null"))))
                            .succeeded())
                    .isTrue();
        }
    }

    @Test
    void manyCommandsInARowLeaveNothing() throws Exception {
        List<String> ends = new ArrayList<>();
        try (LocalConnection connection = connect()) {
            for (int i = 0; i < 300; i++) {
                ends.add(connection
                                .run(Command.bash("(sleep 1000 >&- 2>&- &) ; exit " + i % 3))
                                .end() + "");
            }
            assertThat(Files.list(connection.pipeDirectory()))
                    .as("pipes of commands that have ended")
                    .hasSizeLessThan(100);
        }
        assertThat(ends).hasSize(300).doesNotContain("killed by KILL");
    }

    private static String firstLine(RunningCommand command) throws Exception {
        return new BufferedReader(new InputStreamReader(command.stdout(), ISO_8859_1)).readLine();
    }
}
