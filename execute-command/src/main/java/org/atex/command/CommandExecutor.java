package org.atex.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Output;
import org.atex.api.ReportedResult;
import org.atex.api.RunningCommand;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.api.TransferException;
import org.atex.artifacts.FreeSpace;
import org.atex.artifacts.ProcessList;
import org.atex.artifacts.ResultWriter;
import org.jspecify.annotations.Nullable;

/**
 * Runs tests that are commands: one command a test, its output and errors in {@code files/output.txt} as they are
 * written, and one line of results. When the command has ended, so has all that it started.
 *
 * <p>How a test ends: as {@link StatusRule} says if the command ended by itself, {@code TIMED_OUT} at its limit
 * with a {@link ProcessList} among its files,
 * {@code LOST} with the connection. A program that cannot be run has failed with an exit code of 125 to 127, and its
 * output says why.
 *
 * <p>It needs nothing of the system, so opening costs nothing. Lifecycle and thread safety are those of {@link Executor};
 * any number may be open on one connection.
 */
public final class CommandExecutor implements Executor {
    private static final String OUTPUT = "output.txt";

    private final Connection connection;
    private final Function<TestCase, Command> commands;
    private final StatusRule verdicts;
    private volatile boolean closed;

    private CommandExecutor(Connection connection, Function<TestCase, Command> commands, StatusRule verdicts) {
        this.connection = connection;
        this.commands = commands;
        this.verdicts = verdicts;
    }

    /** {@return executors of tests that are {@link CommandTest}s, judged by their exit codes} */
    public static Factory factory() {
        return factory(CommandExecutor::commandOf);
    }

    /**
     * {@return executors of any tests, judged by their exit codes}
     *
     * @param commands the command of a test; throws {@link IllegalArgumentException} for one that it does not know
     */
    public static Factory factory(Function<TestCase, Command> commands) {
        return factory(commands, StatusRule.byExitCode());
    }

    /**
     * {@return executors of any tests}
     *
     * @param commands the command of a test; throws {@link IllegalArgumentException} for one that it does not know
     * @param verdicts how a test went whose command has ended
     */
    public static Factory factory(Function<TestCase, Command> commands, StatusRule verdicts) {
        return system -> {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted before an executor was opened");
            }
            return new CommandExecutor(system.connection(), commands, verdicts);
        };
    }

    private static Command commandOf(TestCase test) {
        return test.unwrap(CommandTest.class)
                .orElseThrow(() -> new IllegalArgumentException("the test " + test.name() + " is no CommandTest but a "
                        + test.getClass().getSimpleName()
                        + ": use the executor of such tests, or give this executor's factory a function that returns"
                        + " the command of a test"))
                .command();
    }

    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        if (closed) {
            throw new IllegalStateException("cannot run " + test.name() + ": this executor is closed");
        }
        try {
            Command command;
            try {
                command = commands.apply(test)
                        .withEnvironment(TestInvocation.of(test).environment());
            } catch (IllegalArgumentException e) {
                throw e;
            } catch (Throwable e) {
                return written(into, Status.ERROR, TestEnd.of(Outcome.ERROR, "its command could not be found: " + e));
            }
            Path output = Files.createDirectories(into.files()).resolve(OUTPUT);
            return attempt(command, output, test.limit(), into);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "could not store what " + test.name() + " leaves in " + into + ": " + e
                            + " (is there room, and a right to write?); the test was ended",
                    e);
        }
    }

    /** Runs the command to one end or another, and writes the result that goes with it. */
    private TestEnd attempt(Command command, Path output, @Nullable Duration limit, Artifacts into)
            throws IOException, InterruptedException {
        Command logged = command.withStdout(Output.file(output)).withStderr(Output.merge());
        try {
            Optional<CommandEnd> end = ended(logged, limit, into);
            requireRoom(end, into);
            return end.isPresent()
                    ? judged(end.get(), output, into)
                    : written(
                            into, Status.ERROR, TestEnd.of(Outcome.TIMED_OUT, "ended at its limit of " + words(limit)));
        } catch (InterruptedException e) {
            try {
                write(into, Status.INFRA, "ended by an interrupt");
            } catch (IOException notStored) {
                e.addSuppressed(notStored);
            }
            throw e;
        } catch (TransferException e) {
            FreeSpace.require(into.directory());
            return written(into, Status.ERROR, TestEnd.of(Outcome.ERROR, "it could not be run: " + e.getMessage()));
        } catch (ConnectionLostException e) {
            return written(into, Status.INFRA, TestEnd.of(Outcome.LOST, e.getMessage()));
        }
    }

    /** On this machine, the command itself writes to the file: that the disk is full is not why it failed. */
    private static void requireRoom(Optional<CommandEnd> end, Artifacts into) throws IOException {
        if (end.isPresent() && end.get().succeeded()) {
            FreeSpace.requireIfScarce(into.directory());
        } else {
            FreeSpace.require(into.directory());
        }
    }

    /** When this returns or throws, nothing of the command is left. */
    private Optional<CommandEnd> ended(Command command, @Nullable Duration limit, Artifacts into)
            throws InterruptedException {
        try (RunningCommand running = connection.start(command)) {
            if (limit == null) {
                return Optional.of(running.await());
            }
            Optional<CommandEnd> end = running.await(limit);
            if (end.isEmpty()) {
                var unused = ProcessList.write(connection, limit, into); // write() finds it
            }
            return end;
        }
    }

    private TestEnd judged(CommandEnd end, Path output, Artifacts into) throws IOException, InterruptedException {
        Status status;
        String note = end.succeeded() ? null : end.toString();
        try {
            status = verdicts.judge(end, output);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException("interrupted while the output was judged");
        } catch (Throwable e) {
            status = Status.ERROR;
            note = "its verdict could not be found: " + e;
        }
        return written(into, status, new TestEnd(Outcome.of(status), end.shellCode(), note, true));
    }

    private static TestEnd written(Artifacts into, Status status, TestEnd end) throws IOException {
        write(into, status, end.note());
        return end;
    }

    private static void write(Artifacts into, Status status, @Nullable String note) throws IOException {
        List<String> files = Stream.of(OUTPUT, ProcessList.FILE)
                .filter(file -> Files.exists(into.files().resolve(file)))
                .toList();
        try (ResultWriter results = ResultWriter.append(into.results())) {
            results.write(ReportedResult.of(status, note, files));
        }
    }

    private static String words(@Nullable Duration limit) {
        return String.valueOf(limit).replaceFirst("^PT", "").toLowerCase(Locale.ROOT);
    }

    @Override
    public void close() {
        closed = true; // it holds nothing, here or there
    }
}
