package org.atex.fmf;

import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.RunningCommand;
import org.atex.support.Durations;
import org.atex.support.TailReader;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a script that prepares or cleans up a system.
 *
 * @param end how it ended
 * @param timedOut whether it was killed at its time limit
 * @param limit the time limit
 * @param output the last part of its output
 * @param log the log with all of its output, or null
 */
record ScriptRun(CommandEnd end, boolean timedOut, Duration limit, String output, SetUpLogs.@Nullable Log log) {
    private static final int TAIL_BYTES = 2000;
    private static final int MAX_LINES = 8;

    /** Runs a script to its end or to its time limit. */
    static ScriptRun of(Connection connection, Command command, Duration limit) throws InterruptedException {
        return of(connection, command, limit, null);
    }

    /** Runs a script to its end or to its time limit, and logs all of its output. */
    static ScriptRun of(Connection connection, Command command, Duration limit, SetUpLogs.@Nullable Log log)
            throws InterruptedException {
        TailReader tail = null;
        try (RunningCommand running = connection.start(command)) {
            tail = TailReader.start(running.stdout(), TAIL_BYTES, log == null ? OutputStream.nullOutputStream() : log);
            CommandEnd end = running.await(limit).orElse(null);
            return end == null
                    ? new ScriptRun(new CommandEnd.Signalled("KILL"), true, limit, tail.text(), log)
                    : new ScriptRun(end, false, limit, tail.textAtEnd(), log);
        } finally {
            if (tail != null) {
                tail.join();
            }
        }
    }

    boolean succeeded() {
        return !timedOut && end.succeeded();
    }

    /** {@return a description for messages, with the last lines of the output} */
    String describe() {
        String how = timedOut ? "was ended at its limit of " + Durations.words(limit) : "ended with " + end;
        if (output.isBlank()) {
            return how + " and without output";
        }
        Path all = log == null ? null : log.file();
        List<String> lines = output.strip().lines().toList();
        return how + "; " + (all == null ? "" : "all of its output is in " + all + "; ") + "its last lines: "
                + String.join("\n", lines.subList(Math.max(0, lines.size() - MAX_LINES), lines.size()));
    }
}
