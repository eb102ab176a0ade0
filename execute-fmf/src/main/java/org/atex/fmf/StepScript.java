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
import org.jspecify.annotations.Nullable;

/**
 * A script of a plan, which may leave processes running on its system: they live until this is closed. For one thread.
 *
 * @param run how the script itself went
 * @param left holds what it left running, or null
 */
record StepScript(ScriptRun run, @Nullable RunningCommand left) {
    private static final int SHOWN = 2000;
    private static final Pattern EXITED = Pattern.compile("exited (\\d{1,3}) (\\d{1,9})");

    /** What comes from the script that runs it. */
    private record Word(int code, boolean left) {}

    /**
     * Runs a script to its end, or to its limit.
     *
     * @param connection the system
     * @param command the script of {@link Scripts#SCRIPT} with the script, its directory and variables
     * @param limit how long it may take
     * @param log gets what it and all that it leaves running write
     */
    static StepScript run(Connection connection, Command command, Duration limit, SetUpLogs.Log log)
            throws InterruptedException {
        RunningCommand running = connection.start(command.withStdin(Input.pipe()));
        boolean kept = false;
        TailReader tail = null;
        try {
            tail = TailReader.start(running.stdout(), SHOWN, log);
            Word word = word(running, limit);
            if (word == null) {
                return new StepScript(
                        new ScriptRun(new CommandEnd.Signalled("KILL"), true, limit, tail.text(), log), null);
            }
            if (word.code == 0 && word.left) {
                kept = true;
                return new StepScript(new ScriptRun(new CommandEnd.Exited(0), false, limit, "", log), running);
            }
            return new StepScript(ended(running, word, tail, limit, log), null);
        } finally {
            if (!kept) {
                running.close();
                if (tail != null) {
                    tail.join();
                }
            }
        }
    }

    /** {@return the script's last word, or null if it takes longer} */
    private static @Nullable Word word(RunningCommand running, Duration limit) throws InterruptedException {
        CompletableFuture<Word> word = new CompletableFuture<>();
        Thread reader = Thread.ofVirtual().name("atex-script-end").start(() -> read(running, word));
        try {
            return word.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return null;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            reader.interrupt();
        }
    }

    private static void read(RunningCommand running, CompletableFuture<Word> word) {
        Word none = new Word(-1, false);
        try {
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(running.stderr(), StandardCharsets.ISO_8859_1));
            for (String line; (line = lines.readLine()) != null; ) {
                Matcher exited = EXITED.matcher(line);
                if (exited.matches()) {
                    word.complete(new Word(Integer.parseInt(exited.group(1)), Integer.parseInt(exited.group(2)) > 0));
                    return;
                }
            }
        } catch (IOException e) {
            // The end of the command says why.
        }
        word.complete(none);
    }

    /** If what ran the script said nothing, the script was ended with it. */
    private static ScriptRun ended(
            RunningCommand running, Word word, TailReader tail, Duration limit, SetUpLogs.Log log)
            throws InterruptedException {
        if (word.code < 0) {
            CommandEnd end = running.await();
            return new ScriptRun(
                    end.succeeded() ? new CommandEnd.Signalled("KILL") : end, false, limit, tail.textAtEnd(), log);
        }
        if (word.left) {
            running.close();
        }
        return new ScriptRun(new CommandEnd.Exited(word.code), false, limit, tail.textAtEnd(), log);
    }
}
