package org.atex.fmf;

import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.RunningCommand;
import org.jspecify.annotations.Nullable;

/**
 * How a script went that made a system ready, or cleaned it up.
 *
 * @param end how it ended
 * @param timedOut whether it was ended at its limit
 * @param limit how long it was given
 * @param output the last of what it wrote
 * @param log has all of it, or null
 */
record ScriptRun(CommandEnd end, boolean timedOut, Duration limit, String output, SetUpLogs.@Nullable Log log) {
    private static final int SHOWN = 2000;
    private static final int LINES = 8;

    /** Runs it to its end, or to its limit. */
    static ScriptRun of(Connection connection, Command command, Duration limit) throws InterruptedException {
        return of(connection, command, limit, null);
    }

    /** Runs it to its end, or to its limit, and keeps all that it writes. */
    static ScriptRun of(Connection connection, Command command, Duration limit, SetUpLogs.@Nullable Log log)
            throws InterruptedException {
        TailReader tail = null;
        try (RunningCommand running = connection.start(command)) {
            tail = TailReader.start(running.stdout(), SHOWN, log == null ? OutputStream.nullOutputStream() : log);
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

    String describe() {
        String how = timedOut ? "was ended at its limit of " + Durations.words(limit) : "ended with " + end;
        if (output.isBlank()) {
            return how + " and said nothing";
        }
        Path all = log == null ? null : log.file();
        List<String> lines = output.strip().lines().toList();
        return how + "; " + (all == null ? "" : "all that it said is in " + all + "; ") + "its last lines: "
                + String.join("\n", lines.subList(Math.max(0, lines.size() - LINES), lines.size()));
    }
}
