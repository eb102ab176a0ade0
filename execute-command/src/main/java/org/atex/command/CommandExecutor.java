package org.atex.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestResult;
import org.atex.artifacts.ResultWriter;
import org.jspecify.annotations.Nullable;

/**
 * Runs tests that are commands: one command each, whose output becomes {@code output.txt}, and one result.
 *
 * <p>See {@link Executor} for lifecycle and thread safety.
 */
public final class CommandExecutor implements Executor {
    private static final String OUTPUT = "output.txt";

    private final Connection connection;
    private final Function<TestCase, Command> commands;
    private final Judge judge;
    private volatile boolean closed;

    private CommandExecutor(Connection connection, Function<TestCase, Command> commands, Judge judge) {
        this.connection = connection;
        this.commands = commands;
        this.judge = judge;
    }

    /** {@return what makes executors of {@link CommandTest}s} */
    public static Executor.Factory factory() {
        return factory(CommandExecutor::ownCommand);
    }

    /**
     * {@return what makes executors of any tests}
     *
     * @param commands tells what to run for a test; thread-safe
     */
    public static Executor.Factory factory(Function<TestCase, Command> commands) {
        return factory(commands, Judge.byExitCode());
    }

    /**
     * {@return what makes executors of any tests, with a judgement of one's own}
     *
     * @param commands tells what to run for a test; thread-safe
     * @param judge decides what its end means
     */
    public static Executor.Factory factory(Function<TestCase, Command> commands, Judge judge) {
        return connection -> new CommandExecutor(connection, commands, judge);
    }

    private static Command ownCommand(TestCase test) {
        if (test instanceof CommandTest own) {
            return own.command();
        }
        throw new IllegalArgumentException("this executor runs CommandTests, and " + test.name() + " is "
                + test.getClass().getName() + ": give the factory a function that tells its command");
    }

    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        if (closed) {
            throw new IllegalStateException("the executor is closed: open another one on the connection");
        }
        Command command = commands.apply(test);
        try {
            Path output = Files.createDirectory(into.files()).resolve(OUTPUT);
            try {
                TestEnd end = run(command, test.limit(), output);
                return end.outcome() == Outcome.PASSED ? judged(end, into, output) : written(end, into, output);
            } catch (InterruptedException e) {
                written(TestEnd.of(Outcome.CANCELLED, "the test was cancelled while it ran"), into, output);
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("could not store the results of " + test.name() + ": " + e.getMessage(), e);
        }
    }

    /** {@return how the command ended, with its exit code where it has one: passed only means that it ended itself} */
    private TestEnd run(Command command, @Nullable Duration limit, Path output)
            throws InterruptedException {
        Command redirected = command.withStdout(Output.file(output)).withStderr(Output.merge());
        try (RunningCommand running = connection.start(redirected)) {
            Optional<CommandEnd> end = limit == null ? Optional.of(running.await()) : running.await(limit);
            if (end.isEmpty()) {
                return TestEnd.of(Outcome.TIMED_OUT, "it exceeded its limit of " + shown(limit));
            }
            int code = end.get().shellCode();
            String note = end.get() instanceof CommandEnd.Signalled signalled ? "ended by " + signalled : null;
            return new TestEnd(Outcome.PASSED, code, note, true);
        } catch (ConnectionLostException e) {
            return TestEnd.of(Outcome.LOST, e.getMessage());
        }
    }

    private static String shown(@Nullable Duration limit) {
        return limit == null ? "" : limit.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    private TestEnd judged(TestEnd end, Artifacts into, Path output) throws IOException {
        Status status = judge.judge(end.exitCode() == null ? 0 : end.exitCode(), output);
        write(status, end.note(), into, output);
        return new TestEnd(Outcome.of(status), end.exitCode(), end.note(), end.systemUsable());
    }

    private static TestEnd written(TestEnd end, Artifacts into, Path output) throws IOException {
        write(end.outcome().status(), end.note(), into, output);
        return end;
    }

    private static void write(
            Status status, @Nullable String note, Artifacts into, Path output)
            throws IOException {
        List<String> files = Files.exists(output) ? List.of(OUTPUT) : List.of();
        try (ResultWriter results = ResultWriter.append(into.results())) {
            results.write(TestResult.of(status, note, files));
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
