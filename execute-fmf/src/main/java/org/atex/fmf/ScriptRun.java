package org.atex.fmf;

import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.RunningCommand;

/**
 * How a script went that made a system ready, or cleaned it up.
 *
 * @param end how it ended
 * @param timedOut whether it was ended at its limit
 * @param limit how long it was given
 * @param output the last of what it wrote
 */
record ScriptRun(CommandEnd end, boolean timedOut, Duration limit, String output) {
    private static final int SHOWN = 2000;

    /** Runs it to its end, or to its limit. */
    static ScriptRun of(Connection connection, Command command, Duration limit) throws InterruptedException {
        try (RunningCommand running = connection.start(command)) {
            TailReader tail = TailReader.start(running.stdout(), SHOWN);
            CommandEnd end = running.await(limit).orElse(null);
            if (end == null) {
                return new ScriptRun(new CommandEnd.Signalled("KILL"), true, limit, tail.text());
            }
            return new ScriptRun(end, false, limit, tail.textAtEnd());
        }
    }

    boolean succeeded() {
        return !timedOut && end.succeeded();
    }

    String describe() {
        String how = timedOut ? "was ended at its limit of " + Durations.words(limit) : "ended with " + end;
        return how + (output.isBlank() ? " and said nothing" : "; its last words: " + output.strip());
    }
}
