package org.atex.pytest;

import java.time.Duration;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.support.Durations;
import org.atex.support.TailReader;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a command that prepares or cleans up a system, with a time limit.
 *
 * @param end how the command ended; null if it was ended at its limit
 * @param limit the time limit
 * @param output the end of its output
 */
record Step(@Nullable CommandEnd end, Duration limit, String output) {
    private static final int TAIL_BYTES = 4000;
    private static final int MAX_LINES = 10;

    /** Runs a command to its end or to its limit. No process of it is left afterwards. */
    static Step run(Connection connection, Command command, Duration limit) throws InterruptedException {
        try (RunningCommand running = connection.start(command.withStderr(Output.merge()))) {
            return await(running, limit);
        }
    }

    /**
     * Waits for the end of a command, whose standard error is merged into its output. It is not closed, so that
     * processes that it left in the background continue.
     */
    static Step await(RunningCommand running, Duration limit) throws InterruptedException {
        TailReader tail = TailReader.start(running.stdout(), TAIL_BYTES);
        CommandEnd end = running.await(limit).orElse(null);
        return new Step(end, limit, end == null ? tail.text() : tail.textAtEnd());
    }

    boolean succeeded() {
        return end != null && end.succeeded();
    }

    /** {@return the last line of the output} */
    String lastLine() {
        return output.strip().lines().reduce("", (before, line) -> line);
    }

    /** {@return a description for messages, with the last lines of the output} */
    String describe() {
        String how = end == null ? "was ended at its limit of " + Durations.words(limit) : "ended with " + end;
        List<String> lines = output.strip().lines().toList();
        return lines.isEmpty()
                ? how + ", without output"
                : how + "; its last lines: "
                        + String.join("\n", lines.subList(Math.max(0, lines.size() - MAX_LINES), lines.size()));
    }
}
