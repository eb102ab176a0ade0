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
 * Tests of the rules for {@link Connection}: C01 and following in {@code docs/contract.md}.
 *
 * <p>An implementation inherits the tests by a subclass that opens connections. Methods that begin with {@code can} say
 * which optional rules hold. The system needs bash and coreutils; a subclass for a system without them overrides the
 * methods that return commands.
 *
 * {@snippet :
 * class MyConnectionTest extends ConnectionContract {
 *     @Override
 *     protected Connection connect() throws Exception {
 *         return MyConnection.open("host");
 *     }
 *
 *     @Override
 *     protected String there() {
 *         return "/tmp/my-test";
 *     }
 * }
 * }
 */
@Timeout(180)
@SuppressWarnings("try") // close() is called early on purpose
public abstract class ConnectionContract {
    private static final String SPECIAL_CHARACTERS = "a b\t'\"$HOME %d \\ *\n\u00fc\u20ac\ud83d\ude00";

    /** A local directory, deleted after each test. */
    @TempDir
    protected Path here;

    @RegisterExtension
    final Trace trace = new Trace();

    private Connection connection;

    /** For subclasses. */
    @SuppressWarnings("NullAway.Init") // JUnit fills the fields
    protected ConnectionContract() {}

    // Methods for subclasses

    /**
     * {@return a new connection to the system}
     *
     * @throws Exception if the connection fails
     */
    protected abstract Connection connect() throws Exception;

    /**
     * {@return the path of an existing directory of the system, in which the tests create files}
     *
     * @throws Exception if there is no such directory
     */
    protected abstract String there() throws Exception;

    /** {@return whether {@link #lose} works, which the optional rules about lost connections need} */
    protected boolean canBeLost() {
        return false;
    }

    /**
     * Breaks a connection, as a crash of the system does.
     *
     * @param broken the connection
     * @throws Exception if it cannot be broken
     */
    protected void lose(Connection broken) throws Exception {
        throw new UnsupportedOperationException("override lose() where canBeLost() is true");
    }

    /** {@return the number of commands that C34 runs at once} */
    protected int manyCommands() {
        return 320;
    }

    /**
     * {@return a command that exits}
     *
     * @param code the exit code
     */
    protected Command exits(int code) {
        return Command.bash("exit \"$1\"", Integer.toString(code));
    }

    /**
     * {@return a command that ends by a signal}
     *
     * @param signal the name of the signal without {@code SIG}
     */
    protected Command dies(String signal) {
        return Command.bash("kill -s \"$1\" $$; sleep 60", signal);
    }

    /**
     * {@return a command that prints its arguments, each with a NUL character after it}
     *
     * @param arguments the arguments
     */
    protected Command printsArguments(String... arguments) {
        return Command.bash("printf '%s\\0' \"$@\"", arguments);
    }

    /**
     * {@return a command that prints an environment variable, or exits with code 1 if it is not set}
     *
     * @param name the name of the variable
     */
    protected Command printsVariable(String name) {
        return Command.bash("[[ -v $1 ]] && printf %s \"${!1}\"", name);
    }

    /** {@return a command that prints its working directory, without a line break} */
    protected Command printsDirectory() {
        return Command.bash("printf %s \"$(pwd -P)\"");
    }

    /** {@return a command that copies standard input to standard output} */
    protected Command copies() {
        return Command.of("cat");
    }

    /**
     * {@return a command that prints one text to standard output, and then another one to standard error}
     *
     * @param output the text for standard output
     * @param errors the text for standard error
     */
    protected Command printsBoth(String output, String errors) {
        return Command.bash("printf %s \"$1\"; printf %s \"$2\" >&2", output, errors);
    }

    /**
     * {@return a command that prints zero bytes to standard output and standard error at the same time}
     *
     * @param bytes the number of bytes for each stream
     */
    protected Command printsMuch(int bytes) {
        return Command.bash("head -c \"$1\" /dev/zero >&2 & head -c \"$1\" /dev/zero; wait", Integer.toString(bytes));
    }

    /** {@return a command that prints its process number and a line break, and then does not end} */
    protected Command waits() {
        return Command.bash("echo $$; exec sleep 1000");
    }

    /**
     * {@return a command that starts a daemon, prints the process number of the daemon and a line break, and exits with
     * code 0; the daemon is in a session of its own, holds the streams open and does not end}
     */
    protected Command leavesDaemon() {
        return Command.bash("(setsid sleep 1000 & echo $!)");
    }

    /**
     * {@return a command that exits with code 0 if a process is alive}
     *
     * @param process the number of the process
     */
    protected Command isAlive(String process) {
        return Command.bash("s=$(sed 's/.*) //' \"/proc/$1/stat\" 2>/dev/null) && [[ -n $s && $s != Z* ]]", process);
    }

    /**
     * {@return a command that prints {@code watching} and a line break, and then, until it is closed, a line for each
     * argument of each process that begins with a text; the text must not occur in its own arguments}
     *
     * @param text the text, of letters, digits and hyphens
     */
    protected Command watchesArguments(String text) {
        // In bash alone: each process that it started would take as long as a command that it watches.
        String script = """
                echo watching
                while :; do
                    for file in /proc/[0-9]*/cmdline; do
                        # The process may be gone: then read does not change the variable.
                        while line=; IFS= read -r line || [[ $line ]]; do
                            [[ $line != *"$2$1"* ]] || echo "$file:$2$1${line#*"$2$1"}"
                        done <"$file"
                    done
                done 2>/dev/null
                """;
        return Command.bash(script, text.substring(1), text.substring(0, 1));
    }

    // Helper methods

    @BeforeEach
    void connectFirst() throws Exception {
        connection = trace.of(connect());
    }

    @AfterEach
    void closeLast() {
        connection.close();
    }

    private static String line(RunningCommand command) throws IOException {
        // Reads single bytes. A buffered reader would take bytes after the line, which the test reads later.
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        InputStream stdout = command.stdout();
        for (int b; (b = stdout.read()) >= 0 && b != '\n'; ) {
            line.write(b);
        }
        return line.toString(UTF_8);
    }

    private boolean alive(String process) throws Exception {
        // By another connection: the one under test may be closed or lost.
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
    void c02_signalIsReportedByName() throws Exception {
        assertThat(connection.run(dies("KILL")).end()).isEqualTo(new CommandEnd.Signalled("KILL"));
        assertThat(connection.run(dies("TERM")).end()).isEqualTo(new CommandEnd.Signalled("TERM"));
    }

    @Test
    void c03_missingProgramEndsWithAnErrorOfTheSystem() throws Exception {
        CommandResult result = connection.run(Command.of("no-such-program-anywhere", "argument"));

        assertThat(result.end().shellCode()).isBetween(125, 127);
        assertThat(result.stderr()).contains("no-such-program-anywhere");
    }

    @Test
    void c04_missingDirectoryEndsWithAnErrorOfTheSystem() throws Exception {
        CommandResult result = connection.run(exits(0).withDirectory("/no/such/directory"));

        assertThat(result.end().shellCode()).isBetween(125, 127);
        assertThat(result.stderr()).contains("/no/such/directory");
    }

    @Test
    void c05_argumentsArriveByteForByte() throws Exception {
        String[] arguments = {SPECIAL_CHARACTERS, "", "-n", "50%", "`id`", "~", "x".repeat(50_000)};

        CommandResult result = connection.run(printsArguments(arguments));

        assertThat(result.stdout()).isEqualTo(String.join("\0", arguments) + "\0");
    }

    @Test
    void c06_variablesAreAddedForOneCommand() throws Exception {
        Command printing = printsVariable("ATEX_CONTRACT");

        assertThat(connection
                        .run(printing.withEnvironment("ATEX_CONTRACT", SPECIAL_CHARACTERS))
                        .stdout())
                .isEqualTo(SPECIAL_CHARACTERS);
        assertThat(connection.run(printing).succeeded()).isFalse();
        assertThat(connection.run(printsVariable("PATH")).succeeded()).isTrue();
    }

    @Test
    void c07_commandRunsInItsDirectory() throws Exception {
        assertThat(connection.run(printsDirectory().withDirectory(there())).stdout())
                .isEqualTo(there());
    }

    @Test
    void c08_commandReadsItsInput() throws Exception {
        String much = "\u00fc".repeat(100_000);
        Path file = Files.writeString(here.resolve("input"), "from a file");

        assertThat(connection.run(copies()).stdout()).isEmpty();
        assertThat(connection.run(copies().withStdin(Input.text(much))).stdout())
                .isEqualTo(much);
        assertThat(connection.run(copies().withStdin(Input.file(file))).stdout())
                .isEqualTo("from a file");
    }

    @Test
    void c09_unreadInputIsHarmless() throws Exception {
        assertThat(connection
                        .run(exits(3).withStdin(Input.bytes(new byte[1_000_000])))
                        .end())
                .isEqualTo(new CommandEnd.Exited(3));
    }

    @Test
    void c10_pipesWorkWhileTheCommandRuns() throws Exception {
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
    void c11_outputStreamsAreSeparate() throws Exception {
        CommandResult result = connection.run(printsBoth("out", "err"));

        assertThat(result.stdout()).isEqualTo("out");
        assertThat(result.stderr()).isEqualTo("err");
    }

    @Test
    void c12_standardErrorIsMergedInOrder() throws Exception {
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
    void c14_outputIsAppendedToAFile() throws Exception {
        Path file = Files.writeString(here.resolve("log"), "before\n");
        Command logged = waits().withStdout(Output.file(file)).withStderr(Output.merge());

        try (RunningCommand command = connection.start(logged)) {
            Call.eventually(
                    "the output of the running command is in the file",
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
    void c15_unreadableFileIsNamed() {
        Path file = here.resolve("missing").resolve("log");

        assertThatThrownBy(() -> connection.start(exits(0).withStdout(Output.file(file))))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining(file.toString());
        assertThatThrownBy(() -> connection.start(copies().withStdin(Input.file(file))))
                .isInstanceOf(TransferException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void c16_accessToANonPipeIsRejected() throws Exception {
        Command none = exits(0).withStdout(Output.discard()).withStderr(Output.merge());
        try (RunningCommand command = connection.start(none)) {
            assertThatThrownBy(command::stdin).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(command::stdout).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(command::stderr).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void c17_largeOutputsArriveCompletely() throws Exception {
        CommandResult result = connection.run(printsMuch(2_000_000));

        assertThat(result.stdoutBytes()).hasSize(2_000_000);
        assertThat(result.stderrBytes()).hasSize(2_000_000);
    }

    @Test
    void c18_runLimitsTheOutput() {
        assertThatThrownBy(() -> connection.run(printsMuch(65 << 20).withStderr(Output.discard())))
                .isInstanceOf(CommandFailedException.class)
                .hasMessageContaining("64 MiB");
    }

    @Test
    void c19_runRejectsAnInputPipe() {
        assertThatThrownBy(() -> connection.run(copies().withStdin(Input.pipe())))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void c20_runEndsLeftoverProcesses() throws Exception {
        String daemon = connection.run(leavesDaemon()).stdout().strip();

        assertThat(daemon).isNotEmpty();
        assertThat(alive(daemon)).isFalse();
    }

    // Waiting

    @Test
    void c21_awaitIgnoresLeftoverProcesses() throws Exception {
        try (RunningCommand command = connection.start(leavesDaemon())) {
            String daemon = line(command);
            assertThat(command.await()).isEqualTo(new CommandEnd.Exited(0));
            assertThat(alive(daemon)).isTrue();
        }
    }

    @Test
    void c22_awaitWithALimitReturnsInTime() throws Exception {
        try (RunningCommand command = connection.start(waits())) {
            assertThat(command.await(Duration.ZERO)).isEmpty();
            assertThat(command.await(Duration.ofMillis(20))).isEmpty();
        }
        try (RunningCommand command = connection.start(exits(7))) {
            assertThat(command.await(Call.SOON)).contains(new CommandEnd.Exited(7));
        }
    }

    @Test
    void c23_awaitReturnsTheSameEndAgain() throws Exception {
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
    void c25_interruptedReadLosesNoData() throws Exception {
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
    void c26_interruptedStartStartsNoCommand() throws Exception {
        Path file = here.resolve("log");
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> connection.start(waits().withStdout(Output.file(file))))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(!Files.exists(file) || Files.size(file) == 0).isTrue();
    }

    @Test
    void c27_interruptedRunEndsTheCommand() throws Exception {
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
    void c29_closeEndsDaemons() throws Exception {
        RunningCommand command = connection.start(leavesDaemon());
        String daemon = line(command);
        command.await();

        command.close();

        assertThat(alive(daemon)).isFalse();
    }

    @Test
    void c30_closeDoesNotAffectOtherCommands() throws Exception {
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
    void c32_closeKeepsAPendingInterrupt() throws Exception {
        RunningCommand command = connection.start(waits());
        String process = line(command);
        Thread.currentThread().interrupt();

        command.close();

        assertThat(Thread.interrupted())
                .as("the interrupt is still pending after close()")
                .isTrue();
        assertThat(alive(process)).isFalse();
    }

    @Test
    void c33_readReturnsTheEndAfterClose() throws Exception {
        RunningCommand command = connection.start(waits());
        line(command);
        Call<byte[]> reader = Call.of(() -> all(command.stdout())).awaitBlocked();

        command.close();

        assertThat(reader.result()).isEmpty();
    }

    @Test
    void c56_outputBeforeTheEndIsReadAfterClose() throws Exception {
        RunningCommand command = connection.start(printsMuch(16 * 1024));
        try (command) {
            assertThat(command.await()).isEqualTo(new CommandEnd.Exited(0));
        }

        assertThat(all(command.stdout())).hasSize(16 * 1024);
        assertThat(all(command.stderr())).hasSize(16 * 1024);
    }

    @Test
    @Timeout(400)
    void c34_manyCommandsDoNotStall() throws Exception {
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
            List<Call<Boolean>> closes =
                    commands.stream().map(command -> Call.to(command::close)).toList();
            for (Call<Boolean> close : closes) {
                close.result();
            }
        }
    }

    // Files

    @Test
    void c35_filesAreUploadedAndDownloaded() throws Exception {
        Path file = Files.writeString(here.resolve("file"), SPECIAL_CHARACTERS);
        connection.upload(file, there() + "/new/deep/\u00fc b");
        connection.download(there() + "/new/deep/\u00fc b", here.resolve("new/deep/back"));

        assertThat(here.resolve("new/deep/back")).hasContent(SPECIAL_CHARACTERS);
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
    void c37_directoriesAreMergedAndFilesReplaced() throws Exception {
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
    void c38_linksInTheTargetAreReplaced() throws Exception {
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

    /** The names are written as Latin-1, in which each character stands for one byte. */
    @Test
    void c52_namesKeepTheirBytes() throws Exception {
        Path tree = Files.createDirectories(here.resolve("tree"));
        Set<String> names = Set.of("u\u00fc", "u\u00e4", "u\u00c3\u00bc");
        for (String name : names) {
            try {
                Files.writeString(named(tree, name), name);
            } catch (InvalidPathException | IOException e) {
                return; // this machine cannot have such names, so it cannot confuse them either
            }
        }
        String there = there() + "/tree";
        Path back = here.resolve("back");
        try {
            connection.upload(tree, there);
        } catch (TransferException e) {
            // A rejected transfer is correct, too, if nothing was written.
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
    void c53_tildeIsRejected() throws Exception {
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
    void c54_timesKeepFractionsOfASecond() throws Exception {
        // Microseconds: some versions of Java set no finer times.
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
    void c55_pathsAreTakenLiterally() throws Exception {
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
    void c41_reconnectEndsRunningCommands() throws Exception {
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
    void c43_closedConnectionRejectsAllCalls() throws Exception {
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
    void c45_startDuringCloseIsEndedOrRejected() throws Exception {
        // Repeated, because the order of the two calls differs from run to run.
        for (int i = 0; i < 10; i++) {
            Connection shortLived = trace.of(connect());
            Call<RunningCommand> start = Call.of(() -> shortLived.start(waits()));
            Call<Boolean> close = Call.to(shortLived::close);
            close.result();
            try (RunningCommand command = start.result()) {
                // The command was started before close(), which has ended it.
                assertThat(Call.of(command::await).result().succeeded()).isFalse();
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("closed");
            }
            assertThatThrownBy(() -> shortLived.start(exits(0))).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void c46_lossIsReportedAsException() throws Exception {
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
    void c48_dataOfTheCallerIsNotModified() throws Exception {
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
            assertThat(calls.get(i).result(Call.SOON.multipliedBy(3))).isEqualTo("thread " + i + "\0");
        }
    }

    @Test
    void c51_valuesOfVariablesAreNotInTheProcessList() throws Exception {
        String text = "atex-c51-" + Long.toHexString(ThreadLocalRandom.current().nextLong());
        String secret = text + "-secret";
        Command secretCommand = printsVariable("ATEX_CONTRACT");
        Queue<String> found = new ConcurrentLinkedQueue<>();
        try (RunningCommand watch = connection.start(watchesArguments(text))) {
            assertThat(line(watch)).isEqualTo("watching");
            Call<Boolean> reading = Call.to(() -> {
                for (String line = line(watch); !line.isEmpty(); line = line(watch)) {
                    found.add(line);
                }
            });
            for (int i = 0; i < 60; i++) {
                String value = secret + (i % 3 == 0 ? "" : i % 3 == 1 ? "\n" + SPECIAL_CHARACTERS : "x".repeat(20_000));
                Command command = secretCommand.withEnvironment("ATEX_CONTRACT", value);
                connection.run(command);
                assertThat(command.toString()).doesNotContain(secret);
            }
            // Shows that the watching command works: it finds a text that is an argument.
            List<String> words = new ArrayList<>(copies().arguments());
            words.addAll(List.of("-", text + "-argument"));
            try (RunningCommand shown = connection.start(Command.of(words).withStdin(Input.pipe()))) {
                Call.eventually(
                        "'" + watchesArguments(text) + "' finds the last argument of '" + shown + "', which waits",
                        () -> found.stream().anyMatch(line -> line.contains(text + "-argument")));
            }
            assertThat(found.stream().filter(line -> line.contains(secret)).map(line -> line.replaceFirst(":.*", "")))
                    .as("processes with the value of the variable of '%s' in their arguments", secretCommand)
                    .isEmpty();
            watch.close();
            reading.result();
        }
    }
}
