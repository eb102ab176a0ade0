package org.atex.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandFailedException;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link Connection} does, a test a rule; the rules are C01 and following of {@code docs/contract.md}.
 *
 * <p>An implementation passes by a subclass that connects. What it cannot do, it says in the methods that begin with
 * {@code can}. Its system needs bash and coreutils; a subclass without them overrides the commands.
 */
@Timeout(60)
@SuppressWarnings("try") // closing early is what is tested
public abstract class ConnectionContract {
    private static final String UMLAUTS = "a b\t'\"$HOME %d \\ *\n\u00fc\u20ac\ud83d\ude00";

    /** A directory of this machine. */
    @TempDir
    protected Path here;

    @RegisterExtension
    final Trace trace = new Trace();

    private Connection connection;

    /** For subclasses. */
    @SuppressWarnings("NullAway.Init") // JUnit fills the fields
    protected ConnectionContract() {}

    // What an implementation gives

    /**
     * {@return a new connection to a system}
     *
     * @throws Exception if there is none
     */
    protected abstract Connection connect() throws Exception;

    /**
     * {@return an existing directory of the system, which the tests may fill}
     *
     * @throws Exception if there is none
     */
    protected abstract String there() throws Exception;

    /** {@return whether {@link #lose} works; a machine cannot be lost to itself} */
    protected boolean canBeLost() {
        return false;
    }

    /**
     * Breaks a connection, as a crash of the system would.
     *
     * @param broken the connection
     * @throws Exception if it cannot be done
     */
    protected void lose(Connection broken) throws Exception {
        throw new UnsupportedOperationException("override lose() where canBeLost() is true");
    }

    /** {@return how many commands the tests may run at once} */
    protected int manyCommands() {
        return 320;
    }

    /**
     * {@return a command that exits}
     *
     * @param code its exit code
     */
    protected Command exits(int code) {
        return Command.bash("exit \"$1\"", Integer.toString(code));
    }

    /**
     * {@return a command that ends by a signal}
     *
     * @param signal its name
     */
    protected Command dies(String signal) {
        return Command.bash("kill -s \"$1\" $$; sleep 60", signal);
    }

    /**
     * {@return a command that prints its arguments, a NUL after each}
     *
     * @param arguments the arguments
     */
    protected Command printsArguments(String... arguments) {
        return Command.bash("printf '%s\\0' \"$@\"", arguments);
    }

    /**
     * {@return a command that prints a variable, and nothing else; it exits with 1 if there is none}
     *
     * @param name the variable
     */
    protected Command printsVariable(String name) {
        return Command.bash("[[ -v $1 ]] && printf %s \"${!1}\"", name);
    }

    /** {@return a command that prints its directory, and nothing else} */
    protected Command printsDirectory() {
        return Command.bash("printf %s \"$(pwd -P)\"");
    }

    /** {@return a command that prints what it reads} */
    protected Command copies() {
        return Command.of("cat");
    }

    /**
     * {@return a command that prints to its output, then to its errors}
     *
     * @param output the one
     * @param errors the other
     */
    protected Command printsBoth(String output, String errors) {
        return Command.bash("printf %s \"$1\"; printf %s \"$2\" >&2", output, errors);
    }

    /**
     * {@return a command that prints as many zero bytes to its output and to its errors, mixed}
     *
     * @param bytes how many to each
     */
    protected Command printsMuch(int bytes) {
        return Command.bash("head -c \"$1\" /dev/zero >&2 & head -c \"$1\" /dev/zero; wait", Integer.toString(bytes));
    }

    /** {@return a command that prints its number and a newline, and then waits for ever} */
    protected Command waits() {
        return Command.bash("echo $$; exec sleep 1000");
    }

    /**
     * {@return a command that starts a daemon in a session of its own, which holds the streams open and waits for ever, then
     *     prints its number and a newline, and exits with 0}
     */
    protected Command leavesDaemon() {
        return Command.bash("(setsid sleep 1000 & echo $!)");
    }

    /**
     * {@return a command that exits with 0 if a process is there and alive}
     *
     * @param process its number
     */
    protected Command isAlive(String process) {
        return Command.bash("s=$(sed 's/.*) //' \"/proc/$1/stat\" 2>/dev/null) && [[ -n $s && $s != Z* ]]", process);
    }

    /**
     * {@return a command that prints {@code watching} and a newline; then, again and again until it is closed, a line for
     *     each argument of each process that begins with a text} The text must not be among its own arguments.
     *
     * @param text the text, letters, digits and hyphens
     */
    protected Command watchesArguments(String text) {
        String script = "echo watching; while :; do grep -aso -e \"$1[^[:cntrl:]]*\" /proc/[0-9]*/cmdline; done";
        return Command.bash(script, "[" + text.charAt(0) + "]" + text.substring(1));
    }

    // Help

    @BeforeEach
    void connectFirst() throws Exception {
        connection = trace.of(connect());
    }

    @AfterEach
    void closeLast() {
        connection.close();
    }

    private static String line(RunningCommand command) throws IOException {
        // Not more than the line: a reader that buffers would take what comes after it.
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        InputStream stdout = command.stdout();
        for (int b; (b = stdout.read()) >= 0 && b != '\n'; ) {
            line.write(b);
        }
        return line.toString(UTF_8);
    }

    private boolean alive(String process) throws Exception {
        try (Connection other = trace.of(connect())) {
            return other.run(isAlive(process)).succeeded();
        }
    }

    private static byte[] all(InputStream stream) throws IOException {
        return stream.readAllBytes();
    }

    // Commands

    @Test
    void c01_exitCodeIsReported() throws Exception {
        for (int code : new int[] {0, 1, 125, 255}) {
            try (RunningCommand command = connection.start(exits(code))) {
                assertThat(command.await()).isEqualTo(new CommandEnd.Exited(code));
            }
        }
    }

    @Test
    void c02_signalIsNotAnExitCode() throws Exception {
        assertThat(connection.run(dies("KILL")).end()).isEqualTo(new CommandEnd.Signalled("KILL"));
        assertThat(connection.run(dies("TERM")).end()).isEqualTo(new CommandEnd.Signalled("TERM"));
    }

    @Test
    void c03_missingProgramIsSaidByTheSystem() throws Exception {
        CommandResult result = connection.run(Command.of("no-such-program-anywhere", "argument"));

        assertThat(result.end().shellCode()).isBetween(125, 127);
        assertThat(result.stderr()).contains("no-such-program-anywhere");
    }

    @Test
    void c04_missingDirectoryIsSaidByTheSystem() throws Exception {
        CommandResult result = connection.run(exits(0).withDirectory("/no/such/directory"));

        assertThat(result.end().shellCode()).isBetween(125, 127);
        assertThat(result.stderr()).contains("/no/such/directory");
    }

    @Test
    void c05_argumentsArriveByteForByte() throws Exception {
        String[] arguments = {UMLAUTS, "", "-n", "50%", "`id`", "~", "x".repeat(50_000)};

        CommandResult result = connection.run(printsArguments(arguments));

        assertThat(result.stdout()).isEqualTo(String.join("\0", arguments) + "\0");
    }

    @Test
    void c06_environmentIsAddedForOneCommand() throws Exception {
        Command asked = printsVariable("ATEX_CONTRACT");

        assertThat(connection
                        .run(asked.withEnvironment("ATEX_CONTRACT", UMLAUTS))
                        .stdout())
                .isEqualTo(UMLAUTS);
        assertThat(connection.run(asked).succeeded()).isFalse();
        assertThat(connection.run(printsVariable("PATH")).succeeded()).isTrue();
    }

    @Test
    void c07_directoryIsWhereItRuns() throws Exception {
        assertThat(connection.run(printsDirectory().withDirectory(there())).stdout())
                .isEqualTo(there());
    }

    @Test
    void c08_inputIsWhatTheCommandSays() throws Exception {
        String much = "\u00fc".repeat(100_000);
        Path file = Files.writeString(here.resolve("input"), "from a file");

        assertThat(connection.run(copies()).stdout()).isEmpty();
        assertThat(connection.run(copies().withStdin(Input.text(much))).stdout())
                .isEqualTo(much);
        assertThat(connection.run(copies().withStdin(Input.file(file))).stdout())
                .isEqualTo("from a file");
    }

    @Test
    void c09_inputThatIsNotReadHurtsNobody() throws Exception {
        assertThat(connection
                        .run(exits(3).withStdin(Input.bytes(new byte[1_000_000])))
                        .end())
                .isEqualTo(new CommandEnd.Exited(3));
    }

    @Test
    void c10_pipesAreLive() throws Exception {
        try (RunningCommand command = connection.start(copies().withStdin(Input.pipe()))) {
            OutputStream stdin = command.stdin();
            for (String said : List.of("one\n", "two\n")) {
                stdin.write(said.getBytes(UTF_8));
                stdin.flush();
                assertThat(line(command) + "\n").isEqualTo(said);
            }
            stdin.close();
            assertThat(all(command.stdout())).isEmpty();
            assertThat(command.await().succeeded()).isTrue();
        }
    }

    @Test
    void c11_outputAndErrorsAreSeparate() throws Exception {
        CommandResult result = connection.run(printsBoth("out", "err"));

        assertThat(result.stdout()).isEqualTo("out");
        assertThat(result.stderr()).isEqualTo("err");
    }

    @Test
    void c12_errorsCanBeMergedInOrder() throws Exception {
        assertThat(connection
                        .run(printsBoth("out", "err").withStderr(Output.merge()))
                        .stdout())
                .isEqualTo("outerr");
    }

    @Test
    void c13_outputCanBeDiscarded() throws Exception {
        Command quiet = printsBoth("out", "err").withStdout(Output.discard());

        assertThat(connection.run(quiet).stderr()).isEqualTo("err");
        assertThat(connection.run(quiet.withStderr(Output.merge())).end()).isEqualTo(new CommandEnd.Exited(0));
    }

    @Test
    void c14_outputIsAddedToAFileAsItIsWritten() throws Exception {
        Path file = Files.writeString(here.resolve("log"), "before\n");
        Command logged = waits().withStdout(Output.file(file)).withStderr(Output.merge());

        try (RunningCommand command = connection.start(logged)) {
            Call.eventually(
                    "the running command's output is in the file",
                    () -> file.toFile().length() > 7);
        }
        assertThat(connection
                        .run(printsBoth("out", "err")
                                .withStdout(Output.file(file))
                                .withStderr(Output.merge()))
                        .succeeded())
                .isTrue();
        assertThat(Files.readString(file)).startsWith("before\n").endsWith("outerr");
    }

    @Test
    void c15_fileThatCannotBeOpenedIsNamed() {
        Path file = here.resolve("missing").resolve("log");

        assertThatThrownBy(() -> connection.start(exits(0).withStdout(Output.file(file))))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining(file.toString());
        assertThatThrownBy(() -> connection.start(copies().withStdin(Input.file(file))))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void c16_streamThatIsNoPipeIsRefused() throws Exception {
        Command none = exits(0).withStdout(Output.discard()).withStderr(Output.merge());
        try (RunningCommand command = connection.start(none)) {
            assertThatThrownBy(command::stdin).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(command::stdout).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(command::stderr).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void c17_muchOutputOfBothKindsArrivesWhole() throws Exception {
        CommandResult result = connection.run(printsMuch(2_000_000));

        assertThat(result.stdoutBytes()).hasSize(2_000_000);
        assertThat(result.stderrBytes()).hasSize(2_000_000);
    }

    @Test
    void c18_runKeepsNoMoreThanItSays() {
        assertThatThrownBy(() -> connection.run(printsMuch(65 << 20).withStderr(Output.discard())))
                .isInstanceOf(CommandFailedException.class)
                .hasMessageContaining("64 MiB");
    }

    @Test
    void c19_runRefusesAPipeThatNobodyWritesTo() {
        assertThatThrownBy(() -> connection.run(copies().withStdin(Input.pipe())))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void c20_runEndsWhatTheCommandLeft() throws Exception {
        String daemon = connection.run(leavesDaemon()).stdout().strip();

        assertThat(daemon).isNotEmpty();
        assertThat(alive(daemon)).isFalse();
    }

    // Waiting

    @Test
    void c21_awaitDoesNotWaitForLeftovers() throws Exception {
        try (RunningCommand command = connection.start(leavesDaemon())) {
            String daemon = line(command);
            assertThat(command.await()).isEqualTo(new CommandEnd.Exited(0));
            assertThat(alive(daemon)).isTrue();
        }
    }

    @Test
    void c22_awaitForATimeEndsInTime() throws Exception {
        try (RunningCommand command = connection.start(waits())) {
            assertThat(command.await(Duration.ZERO)).isEmpty();
            assertThat(command.await(Duration.ofMillis(20))).isEmpty();
        }
        try (RunningCommand command = connection.start(exits(7))) {
            assertThat(command.await(Call.SOON)).contains(new CommandEnd.Exited(7));
        }
    }

    @Test
    void c23_awaitSaysTheSameAgain() throws Exception {
        try (RunningCommand command = connection.start(exits(5))) {
            assertThat(List.of(
                            command.await(),
                            command.await(),
                            command.await(Duration.ZERO).orElseThrow()))
                    .containsOnly(new CommandEnd.Exited(5));
            command.close();
            assertThat(command.await()).isEqualTo(new CommandEnd.Exited(5));
        }
    }

    // Interruption

    @Test
    void c24_interruptedAwaitLeavesTheCommandRunning() throws Exception {
        try (RunningCommand command = connection.start(waits())) {
            String process = line(command);
            assertThat(Call.of(command::await).awaitBlocked().interrupt().failure())
                    .isInstanceOf(InterruptedException.class);
            assertThat(Call.of(() -> command.await(Duration.ofHours(1)))
                            .awaitBlocked()
                            .interrupt()
                            .failure())
                    .isInstanceOf(InterruptedException.class);
            assertThat(alive(process)).isTrue();
        }
    }

    @Test
    void c25_interruptedReadEndsAndLosesNothing() throws Exception {
        try (RunningCommand command = connection.start(copies().withStdin(Input.pipe()))) {
            assertThat(Call.of(() -> command.stdout().read())
                            .awaitBlocked()
                            .interrupt()
                            .failure())
                    .isInstanceOf(InterruptedIOException.class);
            command.stdin().write("later\n".getBytes(UTF_8));
            command.stdin().flush();
            assertThat(line(command)).isEqualTo("later");
        }
    }

    @Test
    void c26_startThatIsInterruptedStartsNothing() throws Exception {
        Path file = here.resolve("log");
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> connection.start(waits().withStdout(Output.file(file))))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(!Files.exists(file) || Files.size(file) == 0).isTrue();
    }

    @Test
    void c27_runThatIsInterruptedEndsTheCommand() throws Exception {
        Path file = here.resolve("log");
        Call<CommandResult> call = Call.of(() -> connection.run(waits().withStdout(Output.file(file))));
        Call.eventually("the command runs", () -> file.toFile().length() > 0);

        assertThat(call.awaitBlocked().interrupt().failure()).isInstanceOf(InterruptedException.class);
        assertThat(alive(Files.readString(file).strip())).isFalse();
    }

    // Closing a command

    @Test
    void c28_closeEndsARunningCommand() throws Exception {
        RunningCommand command = connection.start(waits());
        String process = line(command);
        Call<CommandEnd> waiting = Call.of(command::await).awaitBlocked();

        command.close();

        assertThat(waiting.result().succeeded()).isFalse();
        assertThat(alive(process)).isFalse();
    }

    @Test
    void c29_closeEndsDaemonsToo() throws Exception {
        RunningCommand command = connection.start(leavesDaemon());
        String daemon = line(command);
        command.await();

        command.close();

        assertThat(alive(daemon)).isFalse();
    }

    @Test
    void c30_closeLeavesOtherCommandsAlone() throws Exception {
        try (RunningCommand other = connection.start(waits());
                RunningCommand command = connection.start(waits())) {
            String process = line(other);
            line(command);
            command.close();
            assertThat(alive(process)).isTrue();
            assertThat(other.await(Duration.ZERO)).isEmpty();
        }
    }

    @Test
    void c31_closeTwiceIsHarmless() throws Exception {
        RunningCommand command = connection.start(waits());
        line(command);
        List<Call<Boolean>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            calls.add(Call.to(command::close));
        }
        for (Call<Boolean> call : calls) {
            call.result();
        }
        command.close();
    }

    @Test
    void c32_closeIsNotInterrupted() throws Exception {
        RunningCommand command = connection.start(waits());
        String process = line(command);
        Thread.currentThread().interrupt();

        command.close();

        assertThat(Thread.interrupted())
                .as("the interrupt is kept for whoever blocks next")
                .isTrue();
        assertThat(alive(process)).isFalse();
    }

    @Test
    void c33_readersSeeTheEndWhenACommandIsClosed() throws Exception {
        RunningCommand command = connection.start(waits());
        line(command);
        Call<byte[]> reader = Call.of(() -> all(command.stdout())).awaitBlocked();

        command.close();

        assertThat(reader.result()).isEmpty();
    }

    @Test
    void c34_manyCommandsAtOnceDoNotStall() throws Exception {
        List<Call<String>> calls = new ArrayList<>();
        List<RunningCommand> commands = new ArrayList<>();
        try {
            for (int i = 0; i < manyCommands(); i++) {
                RunningCommand command = connection.start(copies().withStdin(Input.pipe()));
                commands.add(command);
                calls.add(Call.of(() -> line(command)));
            }
            calls.getLast().awaitBlocked();
            assertThat(Call.of(() -> connection.run(exits(3))).result().end()).isEqualTo(new CommandEnd.Exited(3));
            for (RunningCommand command : commands) {
                command.stdin().write('\n');
                command.stdin().close();
            }
            for (Call<String> call : calls) {
                assertThat(call.result()).isEmpty();
            }
        } finally {
            commands.forEach(RunningCommand::close);
        }
    }

    // Files

    @Test
    void c35_filesGoThereAndBack() throws Exception {
        Path file = Files.writeString(here.resolve("file"), UMLAUTS);
        connection.upload(file, there() + "/new/deep/\u00fc b");
        connection.download(there() + "/new/deep/\u00fc b", here.resolve("new/deep/back"));

        assertThat(here.resolve("new/deep/back")).hasContent(UMLAUTS);
    }

    @Test
    void c36_treesKeepModesLinksAndTimes() throws Exception {
        Path tree = here.resolve("tree");
        Files.createDirectories(tree.resolve("empty"));
        Path script = Files.writeString(tree.resolve("script"), "true");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-x--x"));
        Files.createSymbolicLink(tree.resolve("link"), Path.of("script"));
        Files.createSymbolicLink(tree.resolve("dangling"), Path.of("../nowhere"));
        FileTime then = FileTime.from(Instant.ofEpochSecond(1_000_000_000));
        Files.setLastModifiedTime(script, then);
        Files.setPosixFilePermissions(tree.resolve("empty"), PosixFilePermissions.fromString("r-xr-xr-x"));
        Files.setLastModifiedTime(tree.resolve("empty"), then);

        connection.upload(tree, there() + "/tree");
        Path back = here.resolve("back");
        connection.download(there() + "/tree", back);

        assertThat(Files.getPosixFilePermissions(back.resolve("script")))
                .isEqualTo(PosixFilePermissions.fromString("rwxr-x--x"));
        assertThat(Files.getPosixFilePermissions(back.resolve("empty")))
                .isEqualTo(PosixFilePermissions.fromString("r-xr-xr-x"));
        assertThat(Files.readSymbolicLink(back.resolve("link"))).isEqualTo(Path.of("script"));
        assertThat(Files.readSymbolicLink(back.resolve("dangling"))).isEqualTo(Path.of("../nowhere"));
        assertThat(Files.getLastModifiedTime(back.resolve("script"))).isEqualTo(then);
        assertThat(Files.getLastModifiedTime(back.resolve("empty"))).isEqualTo(then);
    }

    @Test
    void c37_directoryIsAddedToAndFileReplaced() throws Exception {
        Path old = Files.createDirectories(here.resolve("old"));
        Files.writeString(old.resolve("kept"), "kept");
        Files.writeString(old.resolve("replaced"), "a longer text than the new one");
        Path add = Files.createDirectories(here.resolve("add"));
        Files.writeString(add.resolve("replaced"), "new");

        connection.upload(old, there() + "/merged");
        connection.upload(add, there() + "/merged");
        Path back = Files.createDirectories(here.resolve("back"));
        Files.writeString(back.resolve("mine"), "mine");
        connection.download(there() + "/merged", back);

        assertThat(back.resolve("kept")).hasContent("kept");
        assertThat(back.resolve("replaced")).hasContent("new");
        assertThat(back.resolve("mine")).hasContent("mine");
    }

    @Test
    void c38_nothingIsWrittenThroughALink() throws Exception {
        Path tree = here.resolve("tree");
        Files.createDirectories(tree.resolve("sub"));
        Files.writeString(tree.resolve("sub/file"), "new");
        Files.writeString(tree.resolve("file"), "new");
        connection.upload(tree, there() + "/tree");
        Path outside = Files.createDirectories(here.resolve("outside"));
        Files.writeString(outside.resolve("file"), "untouched");
        Path target = Files.createDirectories(here.resolve("target"));
        Files.createSymbolicLink(target.resolve("sub"), outside);
        Files.createSymbolicLink(target.resolve("file"), outside.resolve("file"));

        connection.download(there() + "/tree", target);

        assertThat(outside.resolve("file")).hasContent("untouched");
        assertThat(Files.isDirectory(target.resolve("sub"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(target.resolve("sub/file")).hasContent("new");
        assertThat(target.resolve("file")).hasContent("new").isRegularFile();
        assertThat(Files.isSymbolicLink(target.resolve("file"))).isFalse();
    }

    @Test
    void c39_failedTransferNamesBothPaths() throws Exception {
        String there = there();

        assertThatThrownBy(() -> connection.upload(here.resolve("missing"), there + "/x"))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining(here.resolve("missing").toString())
                .hasMessageContaining("/x");
        assertThatThrownBy(() -> connection.download(there + "/missing", here.resolve("x")))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining("/missing")
                .hasMessageContaining(here.resolve("x").toString());
        assertThat(here.resolve("x")).doesNotExist();
    }

    @Test
    void c40_interruptedTransferEnds() throws Exception {
        Path file = Files.writeString(here.resolve("file"), "text");
        String there = there();

        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> connection.upload(file, there + "/file")).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> connection.download(there + "/file", here.resolve("back")))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    /** As Latin-1: a character for each byte. */
    @Test
    void c52_namesKeepTheirBytes() throws Exception {
        Path tree = Files.createDirectories(here.resolve("tree"));
        Set<String> names = Set.of("u\u00fc", "u\u00e4", "u\u00c3\u00bc");
        for (String name : names) {
            try {
                Files.writeString(named(tree, name), name);
            } catch (InvalidPathException | IOException e) {
                return; // this machine has no such names, and so none that could be merged
            }
        }
        String there = there() + "/tree";
        Path back = here.resolve("back");
        try {
            connection.upload(tree, there);
        } catch (TransferException e) {
            // Refused is right, too, if nothing was written.
            assertThatThrownBy(() -> connection.download(there, back)).isInstanceOf(TransferException.class);
            return;
        }
        connection.download(there, back);

        for (String name : names) {
            assertThat(named(back, name)).exists().hasContent(name);
        }
        try (Stream<Path> files = Files.list(back)) {
            assertThat(files).hasSize(names.size());
        }
    }

    private static Path named(Path directory, String latin) {
        String encoded = URLEncoder.encode(latin, ISO_8859_1);
        return Path.of(URI.create(directory.toAbsolutePath().toUri() + "/" + encoded));
    }

    @Test
    void c53_tildeIsNoHome() throws Exception {
        Path file = Files.writeString(here.resolve("file"), "text");
        for (String path : List.of("~/atex-contract", "~")) {
            assertThatThrownBy(() -> connection.upload(file, path))
                    .isInstanceOf(TransferException.class)
                    .hasMessageContaining("'" + path + "'")
                    .hasMessageContaining("absolute");
            assertThatThrownBy(() -> connection.download(path, here.resolve("back")))
                    .isInstanceOf(TransferException.class)
                    .hasMessageContaining("'" + path + "'")
                    .hasMessageContaining("absolute");
        }
        assertThat(here.resolve("back")).doesNotExist();
    }

    @Test
    void c54_timesKeepTheirFractions() throws Exception {
        // No finer than what every Java sets.
        FileTime then = FileTime.from(Instant.ofEpochSecond(1_000_000_000, 123_456_000));
        Path tree = Files.createDirectories(here.resolve("fine"));
        Path file = Files.writeString(tree.resolve("file"), "text");
        Files.setLastModifiedTime(file, then);
        String there = there();

        connection.upload(tree, there + "/fine");
        connection.upload(file, there + "/fine-file");
        connection.download(there + "/fine", here.resolve("back"));
        connection.download(there + "/fine-file", here.resolve("back-file"));

        assertThat(Files.getLastModifiedTime(here.resolve("back/file"))).isEqualTo(then);
        assertThat(Files.getLastModifiedTime(here.resolve("back-file"))).isEqualTo(then);
    }

    @Test
    void c55_pathsAreTakenAsTheyAre() throws Exception {
        Path tree = Files.createDirectories(here.resolve("content"));
        Path file = Files.writeString(tree.resolve("one"), "text");
        Path back = Files.createDirectories(here.resolve("back"));
        String there = there();
        for (String name : List.of("x2d", "\\x", "u'\\\\x\"", "-C", "--help", " a ", "new\nline", "$(id)*")) {
            connection.upload(tree, there + "/" + name);
            connection.upload(file, there + "/" + name + "/" + name);
            connection.download(there + "/" + name, back.resolve(name));
            connection.download(
                    there + "/" + name + "/" + name, here.resolve("back").resolve(name + "-file"));

            assertThat(back.resolve(name).resolve("one")).hasContent("text");
            assertThat(back.resolve(name).resolve(name)).hasContent("text");
            assertThat(here.resolve("back").resolve(name + "-file")).hasContent("text");
        }
    }

    // The connection itself

    @Test
    void c41_reconnectEndsWhatRunsAndGoesOn() throws Exception {
        RunningCommand command = connection.start(waits());
        String process = line(command);

        connection.reconnect(Duration.ofSeconds(30));

        assertThat(alive(process)).isFalse();
        assertThat(connection.run(exits(2)).end()).isEqualTo(new CommandEnd.Exited(2));
    }

    @Test
    void c42_closeEndsAllCommands() throws Exception {
        List<Call<CommandEnd>> waiting = new ArrayList<>();
        List<String> processes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            RunningCommand command = connection.start(i % 2 == 0 ? waits() : leavesDaemon());
            processes.add(line(command));
            waiting.add(Call.of(command::await));
        }

        connection.close();

        for (Call<CommandEnd> call : waiting) {
            call.result();
        }
        for (String process : processes) {
            assertThat(alive(process)).isFalse();
        }
    }

    @Test
    void c43_closedConnectionRefusesEverything() throws Exception {
        String there = there();
        connection.close();

        assertThatThrownBy(() -> connection.start(exits(0))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> connection.run(exits(0))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> connection.upload(here, there)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> connection.download(there, here)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> connection.reconnect(Duration.ofSeconds(1))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void c44_closingTheConnectionTwiceIsHarmless() throws Exception {
        connection.start(waits());
        List<Call<Boolean>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            calls.add(Call.to(connection::close));
        }
        for (Call<Boolean> call : calls) {
            call.result();
        }
        connection.close();
    }

    @Test
    void c45_startBesideCloseEndsAsStartedOrRefused() throws Exception {
        for (int i = 0; i < 10; i++) {
            Connection shortLived = trace.of(connect());
            Call<RunningCommand> start = Call.of(() -> shortLived.start(waits()));
            Call<Boolean> close = Call.to(shortLived::close);
            close.result();
            try (RunningCommand command = start.result()) {
                // It was there before close() looked, and has been ended: await() would say so only ever after.
                assertThat(Call.of(command::await).result().succeeded()).isFalse();
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("closed");
            }
            assertThatThrownBy(() -> shortLived.start(exits(0))).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void c46_lossIsNeitherExitNorSignal() throws Exception {
        assumeTrue(canBeLost(), "this connection cannot be lost");
        try (RunningCommand command = connection.start(waits())) {
            line(command);
            Call<CommandEnd> waiting = Call.of(command::await).awaitBlocked();
            lose(Trace.original(connection));
            assertThat(waiting.failure()).isInstanceOf(ConnectionLostException.class);
            assertThatThrownBy(() -> connection.start(exits(0))).isInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void c47_lostConnectionReconnects() throws Exception {
        assumeTrue(canBeLost(), "this connection cannot be lost");
        lose(Trace.original(connection));

        connection.reconnect(Duration.ofSeconds(30));

        assertThat(connection.run(exits(4)).end()).isEqualTo(new CommandEnd.Exited(4));
    }

    @Test
    void c48_callersDataStaysAsItIs() throws Exception {
        Map<String, String> environment = new TreeMap<>(Map.of("ATEX_CONTRACT", "1"));
        List<String> arguments = new ArrayList<>(printsVariable("ATEX_CONTRACT").arguments());
        Command command = Command.of(arguments).withEnvironment(environment);
        List<String> copy = List.copyOf(arguments);

        connection.run(command);
        connection.run(command.withDirectory(there()));
        Path file = Files.writeString(here.resolve("file"), "mine");
        connection.upload(file, there() + "/file");

        assertThat(file).hasContent("mine");
        assertThat(environment).isEqualTo(Map.of("ATEX_CONTRACT", "1"));
        assertThat(arguments).isEqualTo(copy);
    }

    @Test
    void c49_manyThreadsRunCommandsAtOnce() throws Exception {
        List<Call<String>> calls = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            String said = "thread " + i;
            calls.add(Call.of(() -> connection.run(printsArguments(said)).stdout()));
        }
        for (int i = 0; i < 32; i++) {
            assertThat(calls.get(i).result()).isEqualTo("thread " + i + "\0");
        }
    }

    @Test
    void c51_noValueOfAVariableIsInTheProcessList() throws Exception {
        String text = "atex-c51-" + Long.toHexString(ThreadLocalRandom.current().nextLong());
        String secret = text + "-secret";
        Command tells = printsVariable("ATEX_CONTRACT");
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        try (RunningCommand watch = connection.start(watchesArguments(text))) {
            assertThat(line(watch)).isEqualTo("watching");
            Call<Boolean> reading = Call.to(() -> {
                for (String line = line(watch); !line.isEmpty(); line = line(watch)) {
                    seen.add(line);
                }
            });
            for (int i = 0; i < 60; i++) {
                String value = secret + (i % 3 == 0 ? "" : i % 3 == 1 ? "\n" + UMLAUTS : "x".repeat(20_000));
                Command command = tells.withEnvironment("ATEX_CONTRACT", value);
                connection.run(command);
                assertThat(command.toString()).doesNotContain(secret);
            }
            // What is an argument is there to be seen, which shows that somebody looked.
            Command shown = printsArguments(text + "-argument");
            long deadline = System.nanoTime() + Call.SOON.toNanos();
            while (seen.stream().noneMatch(line -> line.contains(text + "-argument"))) {
                assertThat(deadline - System.nanoTime())
                        .as("nanoseconds left to see an argument of '%s' by '%s'", shown, watchesArguments(text))
                        .isPositive();
                connection.run(shown);
            }
            assertThat(seen.stream().filter(line -> line.contains(secret)).map(line -> line.replaceFirst(":.*", "")))
                    .as("processes whose arguments held the value of the variable that '%s' was given", tells)
                    .isEmpty();
            watch.close();
            reading.result();
        }
    }
}
