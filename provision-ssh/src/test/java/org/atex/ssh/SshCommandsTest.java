package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandResult;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.lab.OpenSsh;
import org.atex.lab.SlowFile;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on a real OpenSSH server, beyond the contract of connections. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class SshCommandsTest {

    @TempDir
    private Path directory;

    private OpenSsh server;
    private SshConnection connection;

    @BeforeEach
    void connect() throws Exception {
        server = OpenSsh.start(directory);
        connection = Logins.connect(server);
    }

    @AfterEach
    void close() throws Exception {
        if (connection != null) {
            connection.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private static String line(RunningCommand command) throws Exception {
        return new BufferedReader(new InputStreamReader(command.stdout(), UTF_8)).readLine();
    }

    /** {@return whether a process is alive} A zombie is not alive. */
    private static boolean alive(String process) throws IOException {
        try {
            String stat = Files.readString(Path.of("/proc", process, "stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Every character of one byte except NUL, and some characters of several bytes. */
    private static String everything() {
        return IntStream.range(1, 256).mapToObj(Character::toString).collect(Collectors.joining())
                + "\u20ac\ud83d\ude00";
    }

    /** A search takes several processes on the host. It is for commands that may have left some. */
    @Test
    void noProcessIsSearchedAfterABriefCommand() throws Exception {
        // Other processes of the machine may become orphans at the same moment; the reaper then cannot tell.
        boolean spared = false;
        for (int i = 0; i < 100 && !spared; i++) {
            try (RunningCommand command = connection.start(Command.of("true"))) {
                command.await();
                spared = ((SshCommand) command).leftNothing.join();
            }
        }
        assertThat(spared).as("one of 100 commands has left nothing").isTrue();
    }

    @Test
    void everyByteOfArgumentsAndVariablesArrivesUnchanged() throws Exception {
        String all = everything() + "%d 50% %% %s $HOME `id` \\ ' \" !! \n";
        CommandResult result = connection
                .run(Command.bash("printf '%s\\0' \"$1\" \"$VALUE\" \"$(pwd)\"", all)
                        .withEnvironment("VALUE", all)
                        .withDirectory(Files.createDirectories(directory.resolve("50% 'of'\n it"))
                                .toString()))
                .orThrow();

        assertThat(result.stdout()).isEqualTo(all + "\0" + all + "\0" + directory.resolve("50% 'of'\n it") + "\0");
    }

    @Test
    void variablesWithNamesThatShellsRejectAreSet() throws Exception {
        CommandResult result = connection
                .run(Command.of("env").withEnvironment(Map.of("a.b-c", "1 2", "UID", "7", "PATH_X", "x")))
                .orThrow();

        assertThat(result.stdout().lines()).contains("a.b-c=1 2", "UID=7", "PATH_X=x");
        assertThat(result.stderr()).isEmpty();
    }

    @Test
    void variablesOfTheOptionsAreSetForEveryCommand() throws Exception {
        try (SshConnection other = SshConnection.open(
                server.destination(), Logins.options(server).withEnvironment(Map.of("ONE", "1", "TWO", "2")))) {
            CommandResult result = other.run(Command.bash("echo $ONE$TWO").withEnvironment("TWO", "3"));
            assertThat(result.stdout()).isEqualTo("13\n");
        }
    }

    @Test
    void longCommandsArrive() throws Exception {
        List<String> words = new ArrayList<>(List.of("printf", "%s"));
        String word = "'".repeat(50_000);
        for (int i = 0; i < 8; i++) {
            words.add(word);
        }
        CommandResult result = connection
                .run(Command.of(words).withStdin(Input.text("not for it")))
                .orThrow();
        assertThat(result.stdout()).hasSize(400_000).isEqualTo(word.repeat(8));

        CommandResult reads = connection.run(
                Command.bash("cat; echo ${#1}", "x".repeat(120_000)).withStdin(Input.text("its input ")));
        assertThat(reads.stdout()).isEqualTo("its input 120000\n");
    }

    @Test
    void outputOfTheLoginShellIsNotOutputOfTheCommand() throws Exception {
        assertThat(connection.run(Command.bash("echo out; echo err >&2")).stderr())
                .isEqualTo("err\n");
    }

    @Test
    void commandsWaitForAFreeChannel() throws Exception {
        try (OpenSsh small = OpenSsh.start(Files.createDirectories(directory.resolve("small")), "MaxSessions 3");
                SshConnection few = Logins.connect(small)) {
            RunningCommand first = few.start(Command.of("cat").withStdin(Input.pipe()));
            RunningCommand second = few.start(Command.of("cat").withStdin(Input.pipe()));
            Call<CommandResult> third =
                    Call.of(() -> few.run(Command.bash("echo third"))).awaitBlocked();
            Call<CommandResult> never =
                    Call.of(() -> few.run(Command.bash("echo never"))).awaitBlocked();

            never.interrupt();
            assertThat(never.failure()).isInstanceOf(InterruptedException.class);
            first.close();
            assertThat(third.result().stdout()).isEqualTo("third\n");
            second.close();
            List<Call<String>> many = IntStream.range(0, 40)
                    .mapToObj(i -> Call.of(
                            () -> few.run(Command.bash("echo " + i)).orThrow().stdout()))
                    .toList();
            for (int i = 0; i < 20; i++) {
                assertThat(many.get(i).result()).isEqualTo(i + "\n");
            }
        }
    }

    @Test
    void aHostWithASingleChannelIsSupported() throws Exception {
        try (OpenSsh small = OpenSsh.start(Files.createDirectories(directory.resolve("small")), "MaxSessions 1");
                SshConnection one = Logins.connect(small)) {
            assertThat(one.run(Command.bash("echo one")).orThrow().stdout()).isEqualTo("one\n");
            RunningCommand command = one.start(Command.bash("echo $$; exec sleep 600"));
            String process = line(command);
            command.close();
            assertThat(alive(process)).isFalse();
        }
    }

    @Test
    void commandsEndWhenTheConnectionBreaks() throws Exception {
        RunningCommand command = connection.start(Command.bash("echo $$; exec sleep 600"));
        RunningCommand daemon = connection.start(Command.bash("setsid sleep 600 >/dev/null 2>&1 & echo $!"));
        List<ProcessHandle> processes = new ArrayList<>();
        for (RunningCommand one : List.of(command, daemon)) {
            processes.add(ProcessHandle.of(Long.parseLong(line(one))).orElseThrow());
        }

        server.cutConnections();

        assertThatThrownBy(command::await)
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining(server.destination());
        for (ProcessHandle process : processes) {
            process.onExit().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void aKilledServerIsALossAndReconnectWaitsForItsReturn() throws Exception {
        RunningCommand command = connection.start(Command.bash("echo $$; exec sleep 600"));
        line(command);
        server.kill();

        assertThatThrownBy(command::await).isInstanceOf(ConnectionLostException.class);
        Call<Boolean> back = Call.to(() -> connection.reconnect(Duration.ofSeconds(30)));
        server.restart();
        back.result();
        assertThat(connection.run(Command.bash("echo back")).stdout()).isEqualTo("back\n");
        command.close();
    }

    @Test
    void reconnectingEndsInTimeWithTheReason() throws Exception {
        server.kill();
        assertThatThrownBy(() -> connection.reconnect(Duration.ofMillis(300)))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("127.0.0.1:" + server.port())
                .hasMessageContaining("300 ms")
                .hasMessageContaining("refused");
        server.restart();
        connection.reconnect(Call.SOON);
        assertThat(connection.run(Command.of("true")).succeeded()).isTrue();
    }

    /** A second link that is not closed would leave threads, which the check after each test finds. */
    @Test
    void concurrentReconnectsMakeOneLink() throws Exception {
        server.kill();
        Call<Boolean> first = Call.to(() -> connection.reconnect(Call.SOON)).awaitBlocked();
        Call<Boolean> second = Call.to(() -> connection.reconnect(Call.SOON)).awaitBlocked();
        server.restart();
        first.result();
        RunningCommand command =
                connection.start(Command.bash("read line; echo $line").withStdin(Input.pipe()));
        second.result();
        command.stdin().write("still there\n".getBytes(UTF_8));
        command.stdin().close();
        assertThat(line(command)).isEqualTo("still there");
        command.close();
    }

    @Test
    void connectingWaitsForTheServer() throws Exception {
        server.kill();
        Call<SshConnection> waiting = Call.of(() -> Logins.connect(server)).awaitBlocked();
        server.restart();
        waiting.result().close();
    }

    @Test
    void connectingCanBeInterrupted() throws Exception {
        server.kill();
        Call<SshConnection> waiting = Call.of(() -> Logins.connect(server)).awaitBlocked();
        waiting.interrupt();
        assertThat(waiting.failure()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void keysAreReexchangedUnderLoad() throws Exception {
        try (OpenSsh rekeying = OpenSsh.start(Files.createDirectories(directory.resolve("re")), "RekeyLimit 200K");
                SshConnection busy = SshConnection.open(
                        rekeying.destination(), Logins.options(rekeying).withKeepAlive(Duration.ofMillis(20), 200))) {
            List<Call<CommandResult>> calls = IntStream.range(0, 8)
                    .mapToObj(i -> Call.of(() -> busy.run(Command.of("head", "-c", "3000000", "/dev/zero"))
                            .orThrow()))
                    .toList();
            for (Call<CommandResult> call : calls) {
                assertThat(call.result().stdoutBytes()).hasSize(3_000_000);
            }
            byte[] much = new byte[2_000_000];
            assertThat(busy.run(Command.of("cat").withStdin(Input.bytes(much))).stdoutBytes())
                    .hasSize(much.length);
        }
    }

    /** A day of keep-alive, scaled to seconds: hundreds of requests, with key exchanges all the time. */
    @ParameterizedTest
    @ValueSource(strings = {"idle", "busy"})
    void aDayOfKeepAliveWithKeyReexchanges(String how) throws Exception {
        try (OpenSsh rekeying = OpenSsh.start(Files.createDirectories(directory.resolve("re")), "RekeyLimit 16K 1");
                FaultProxy proxy = FaultProxy.to("127.0.0.1", rekeying.port());
                SshConnection one = SshConnection.open(
                        System.getProperty("user.name") + "@127.0.0.1:" + proxy.port(),
                        Logins.options(rekeying)
                                .withHostKeys(HostKeys.acceptAny())
                                .withKeepAlive(Duration.ofMillis(10), 500));
                RunningCommand echo =
                        one.start(Command.of("cat").withStdin(Input.pipe()).withStdout(Output.pipe()))) {
            // A request takes some 100 bytes when idle: this makes hundreds of them, and a key exchange each second.
            long day = how.equals("idle") ? 40_000 : 18_000_000;
            for (int i = 0; how.equals("busy") && i < 60; i++) {
                assertThat(one.run(Command.of("cat").withStdin(Input.bytes(new byte[300_000])))
                                .stdoutBytes())
                        .hasSize(300_000);
            }
            proxy.awaitBytes(Fault.Direction.TO_TARGET, day, Call.SOON.multipliedBy(5));
            echo.stdin().write("still here\n".getBytes(UTF_8));
            assertThat(line(echo)).isEqualTo("still here");
        }
    }

    @Test
    void writingToACommandThatCouldNotBeStartedFailsWithTheReason() throws Exception {
        Command tooLong = Command.of("cat", "x".repeat(140_000)).withStdin(Input.pipe());
        try (RunningCommand command = connection.start(tooLong);
                OutputStream to = command.stdin()) {
            assertThat(command.await()).isEqualTo(new CommandEnd.Exited(126));
            assertThatThrownBy(() -> {
                        while (true) {
                            to.write(new byte[1000]);
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("exit code 126")
                    .hasMessageContaining("128 KiB");
        }
    }

    /** The reaper shell is bash if the system has it, otherwise sh. */
    @Test
    void processesAreKilledOnASystemWithoutBash() throws Exception {
        Path programs = Files.createDirectory(directory.resolve("programs"));
        for (String program : List.of("sh", "env", "grep", "setsid", "sleep", "true")) {
            Files.createSymbolicLink(programs.resolve(program), Path.of("/bin", program));
        }
        try (OpenSsh bare = OpenSsh.start(Files.createDirectory(directory.resolve("bare")), "SetEnv PATH=" + programs);
                SshConnection one = Logins.connect(bare)) {
            assertThat(one.run(Command.of("sh", "-c", "command -v bash")).succeeded())
                    .isFalse();
            for (int i = 0; i < 3; i++) {
                RunningCommand daemon = one.start(Command.of("sh", "-c", "setsid sleep 600 >/dev/null 2>&1 & echo $!"));
                String process = line(daemon);
                assertThat(daemon.await()).isEqualTo(new CommandEnd.Exited(0));
                assertThat(alive(process)).isTrue();
                daemon.close();
                assertThat(alive(process)).as("the daemon after close").isFalse();
                one.run(Command.of("true")).orThrow();
            }
        }
    }

    /** The commands run at the same time, since each waits for input that is written when all have been started. */
    @Test
    @Timeout(500)
    void twoHundredConnectionsRunCommandsAtOnce() throws Exception {
        Queue<SshConnection> dialed = new ConcurrentLinkedQueue<>();
        List<RunningCommand> running = new ArrayList<>();
        try {
            Callable<RunningCommand> start = () -> {
                SshConnection one = Logins.connect(server);
                dialed.add(one);
                return one.start(Command.of("cat").withStdin(Input.pipe()).withStdout(Output.pipe()));
            };
            // A few logins at a time: more would starve the servers of tests beside this one.
            try (ExecutorService dialers = Executors.newFixedThreadPool(4)) {
                for (Future<RunningCommand> started : dialers.invokeAll(Collections.nCopies(200, start))) {
                    running.add(started.get());
                }
            }
            for (int i = 0; i < 200; i++) {
                running.get(i).stdin().write(("command " + i + "\n").getBytes(UTF_8));
                running.get(i).stdin().close();
            }
            for (int i = 0; i < 200; i++) {
                assertThat(line(running.get(i))).isEqualTo("command " + i);
                assertThat(running.get(i).await()).isEqualTo(new CommandEnd.Exited(0));
            }
        } finally {
            dialed.forEach(SshConnection::close);
        }
    }

    /** The host has closed the channel of the command while its input still waits for the window to open. */
    @Test
    void unreadInputDoesNotBlock() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (RunningCommand command =
                    connection.start(Command.bash("sleep 0.05").withStdin(Input.bytes(new byte[20_000_000])))) {
                assertThat(Call.of(command::await).result()).isEqualTo(new CommandEnd.Exited(0));
                assertThat(Call.of(() -> connection.run(Command.of("true")))
                                .result()
                                .succeeded())
                        .isTrue();
            }
        }
    }

    @Test
    void outputToAFileIsCompleteWhenTheCommandHasEnded() throws Exception {
        Path file = directory.resolve("output");
        for (int i = 0; i < 20; i++) {
            Files.deleteIfExists(file);
            try (RunningCommand command = connection.start(Command.bash("seq 20000; echo last >&2")
                    .withStdout(Output.file(file))
                    .withStderr(Output.merge()))) {
                assertThat(command.await()).isEqualTo(new CommandEnd.Exited(0));
                assertThat(Files.readString(file)).endsWith("20000\nlast\n").hasSize(108_894 + 5);
            }
        }
    }

    @Test
    void closeWaitsForAFileOnASlowDisk() throws Exception {
        SlowFile.assertClosedWhenWritten(connection, directory);
    }

    @Test
    void manyConnectionsWorkAtOnce() throws Exception {
        List<Call<Integer>> calls = IntStream.range(0, 40)
                .mapToObj(i -> Call.of(() -> {
                    try (SshConnection mine = Logins.connect(server)) {
                        int good = 0;
                        for (int k = 0; k < 5; k++) {
                            good += mine.run(Command.of("true")).succeeded() ? 1 : 0;
                        }
                        return good;
                    }
                }))
                .toList();
        for (Call<Integer> call : calls) {
            assertThat(call.result(Duration.ofMinutes(2))).isEqualTo(5);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"no password", "a password"})
    void sudoRunsCommandsAndCopiesAsTheOtherUser(String way) throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may become anybody without asking");
        assumeTrue(Boolean.getBoolean("atex.required") || Files.isExecutable(Path.of("/usr/bin/sudo")), "no sudo here");
        SshOptions options = way.equals("no password")
                ? Logins.options(server).withSudo("nobody")
                : Logins.options(server).withSudo("nobody", () -> "not asked for, as root needs none".toCharArray());
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (SshConnection sudo = SshConnection.open(server.destination(), options)) {
            CommandResult result = sudo.run(Command.bash("id -un; echo $V; cat; exit 3")
                    .withEnvironment("V", "a 'b'")
                    .withStdin(Input.text("input\n")));
            assertThat(result.stdout()).isEqualTo("nobody\na 'b'\ninput\n");
            assertThat(result.end()).isEqualTo(new CommandEnd.Exited(3));

            RunningCommand daemon = sudo.start(Command.bash("setsid sleep 600 >/dev/null 2>&1 & echo $!"));
            String process = line(daemon);
            daemon.close();
            assertThat(alive(process)).isFalse();
            assertThat(sudo.run(Command.bash("kill -TERM $$")).end()).isEqualTo(new CommandEnd.Signalled("TERM"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"no password", "a password"})
    void noSecretIsInAProcessListWithSudo(String way) throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may become anybody without asking");
        assumeTrue(Boolean.getBoolean("atex.required") || Files.isExecutable(Path.of("/usr/bin/sudo")), "no sudo here");
        SshOptions options = way.equals("no password")
                ? Logins.options(server).withSudo("nobody")
                : Logins.options(server).withSudo("nobody", () -> "sudo-secret-password".toCharArray());
        Path seen = directory.resolve("seen");
        String look = "while :; do grep -asoE -e '([s]udo-secret|[s]udo-shown)-[a-z]*' /proc/[0-9]*/cmdline; done";
        try (SshConnection sudo = SshConnection.open(
                        server.destination(), options.withEnvironment(Map.of("ALL", "sudo-secret-all")));
                RunningCommand watch = connection.start(Command.bash(look).withStdout(Output.file(seen)))) {
            for (int i = 0; i < 30; i++) {
                String value = "sudo-secret-value\n" + "x".repeat(i * 300);
                CommandResult result = sudo.run(Command.bash("printf '%s %s ' \"$ALL\" \"$ONE\"; cat")
                        .withEnvironment("ONE", value)
                        .withStdin(Input.text("its input")));
                assertThat(result.stdout()).isEqualTo("sudo-secret-all " + value + " its input");
            }
            assertThat(sudo.run(Command.of("env")).stdout()).doesNotContain("sudo-secret-password");
            RunningCommand shown = sudo.start(Command.bash("sleep 600", "sudo-shown-argument"));
            Call.eventually("an argument is seen", () -> holds(seen, "sudo-shown-argument"));
            shown.close();
            assertThat(watch.await(Duration.ZERO)).isEmpty();
            assertThat(Files.readString(seen)).doesNotContain("sudo-secret");
        }
    }

    private static boolean holds(Path file, String text) {
        try {
            return Files.readString(file).contains(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The kernel's limit for one variable is 128 KiB; a program with a longer one cannot be started. */
    @Test
    void aVariableMayBeAsLongAsTheSystemAllows() throws Exception {
        Command counts = Command.bash("printf '%s ' \"${#LONG}\"; cat").withStdin(Input.text("its input"));
        for (int length : new int[] {4_000, 4_096, 5_000, 131_000}) {
            String value = "'\n ".repeat(length).substring(0, length);
            assertThat(connection.run(counts.withEnvironment("LONG", value)).stdout())
                    .isEqualTo(length + " its input");
        }
        CommandResult nowhere = connection.run(
                counts.withEnvironment("LONG", "x".repeat(100_000)).withDirectory("/no/such/directory"));
        assertThat(nowhere.end()).isEqualTo(new CommandEnd.Exited(126));
        CommandResult refused = connection.run(counts.withEnvironment("LONG", "x".repeat(140_000)));
        assertThat(refused.end().shellCode()).isBetween(125, 127);
        assertThat(refused.stderr())
                .containsIgnoringCase("argument list too long")
                .doesNotContain("xxxx");
    }
}
