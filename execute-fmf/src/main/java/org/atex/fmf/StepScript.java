package org.atex.fmf;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.RunningCommand;
import org.atex.support.TailReader;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a script of a plan, which may leave background processes on its system. The background processes
 * live until their command is closed. Not thread-safe.
 *
 * @param run the execution of the script itself
 * @param background the command of the background processes, which its standard input keeps alive; null if there are none
 */
record StepScript(ScriptRun run, @Nullable RunningCommand background) {
    private static final int TAIL_BYTES = 2000;
    private static final Pattern EXITED = Pattern.compile("exited (\\d{1,3}) (\\d{1,9})");

    /** The exit of a script, as {@code script.sh} reports it: the exit code, and whether processes are left. */
    private record Exit(int code, boolean hasBackground) {}

    /**
     * Runs a script to its end or to its time limit.
     *
     * @param connection the connection to the system
     * @param command the command {@link Scripts#SCRIPT} with the script, its directory and variables
     * @param limit the time limit
     * @param log receives the output of the script and its background processes
     */
    static StepScript run(Connection connection, Command command, Duration limit, SetUpLogs.Log log)
            throws InterruptedException {
        RunningCommand running = connection.start(command.withStdin(Input.pipe()));
        boolean kept = false;
        TailReader tail = null;
        try {
            tail = TailReader.start(running.stdout(), TAIL_BYTES, log);
            Exit exit = awaitExit(running, limit);
            if (exit == null) {
                return new StepScript(
                        new ScriptRun(new CommandEnd.Signalled("KILL"), true, limit, tail.text(), log), null);
            }
            if (exit.code == 0 && exit.hasBackground) {
                kept = true;
                return new StepScript(new ScriptRun(new CommandEnd.Exited(0), false, limit, "", log), running);
            }
            return new StepScript(ended(running, exit, tail, limit, log), null);
        } finally {
            if (!kept) {
                running.close();
                if (tail != null) {
                    tail.join();
                }
            }
        }
    }

    /** Waits for the exit of the script. {@return the exit, or null if the limit passed first} */
    private static @Nullable Exit awaitExit(RunningCommand running, Duration limit) throws InterruptedException {
        CompletableFuture<Exit> exit = new CompletableFuture<>();
        // In a thread of its own, as a read from the stream has no time limit.
        Thread reader = Thread.ofVirtual().name("atex-script-end").start(() -> readExit(running, exit));
        try {
            return exit.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return null;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            reader.interrupt(); // ends a read that is still waiting for the exit
        }
    }

    private static void readExit(RunningCommand running, CompletableFuture<Exit> exit) {
        Exit none = new Exit(-1, false);
        try {
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(running.stderr(), StandardCharsets.ISO_8859_1));
            for (String line; (line = lines.readLine()) != null; ) {
                Matcher exited = EXITED.matcher(line);
                if (exited.matches()) {
                    exit.complete(new Exit(Integer.parseInt(exited.group(1)), Integer.parseInt(exited.group(2)) > 0));
                    return;
                }
            }
        } catch (IOException e) {
            // The connection was lost; waiting for the command throws the reason.
        }
        exit.complete(none);
    }

    private static ScriptRun ended(
            RunningCommand running, Exit exit, TailReader tail, Duration limit, SetUpLogs.Log log)
            throws InterruptedException {
        // Without a report, script.sh was killed, and the script with it.
        if (exit.code < 0) {
            CommandEnd end = running.await();
            return new ScriptRun(
                    end.succeeded() ? new CommandEnd.Signalled("KILL") : end, false, limit, tail.textAtEnd(), log);
        }
        if (exit.hasBackground) {
            running.close();
        }
        return new ScriptRun(new CommandEnd.Exited(exit.code), false, limit, tail.textAtEnd(), log);
    }
}
