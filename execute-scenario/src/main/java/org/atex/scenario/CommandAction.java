package org.atex.scenario;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.CommandFailedException;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.support.Threads;

/**
 * An action that runs a command on the system. Its output is written to the file of the occurrence.
 *
 * @param background whether the command runs until the kill switch is pulled
 */
record CommandAction(Command command, boolean background) implements Action {
    /** Processes that the command left running may hold its output open. */
    private static final long LINGER_MILLIS = 200;

    private static final Duration READ_WITHIN = Duration.ofSeconds(10);

    CommandAction {
        if (command.stdin().equals(Input.pipe())) {
            throw new IllegalArgumentException("an event cannot write to the input pipe of '" + command
                    + "': pass the whole input with Input.bytes, text or file, or write an Action");
        }
    }

    @Override
    public void run(Occurrence occurrence) throws Exception {
        Command merged = command.withStdout(Output.pipe()).withStderr(Output.merge());
        try (RunningCommand running = occurrence.connection().start(merged)) {
            FutureTask<Boolean> reading = new FutureTask<>(() -> copy(running.stdout(), occurrence));
            Thread reader = Threads.start("scenario-output", reading);
            try {
                CommandEnd end = background ? endOfBackground(running, occurrence.killSwitch()) : running.await();
                finish(reading, running);
                if (background && !occurrence.killSwitch().pulled()) {
                    throw new CommandFailedException(
                            "'" + command + "' ended with " + end + " before the end of the scenario");
                }
                if (!background && !end.succeeded()) {
                    throw new CommandFailedException("'" + command + "' ended with " + end);
                }
            } finally {
                running.close();
                var unused = Threads.join(List.of(reader), READ_WITHIN);
            }
        }
    }

    private static boolean copy(InputStream stdout, Occurrence occurrence) throws IOException {
        if (occurrence instanceof RunningOccurrence own) {
            own.keep(stdout);
        } else {
            // A program calls this action with an occurrence of its own, which has no artifacts.
            stdout.transferTo(OutputStream.nullOutputStream());
        }
        return true;
    }

    /** Waits for the end of the command, and kills it when the switch is pulled. */
    private static CommandEnd endOfBackground(RunningCommand running, KillSwitch killSwitch)
            throws InterruptedException {
        Thread killer = Threads.start("scenario-background", () -> {
            try {
                if (killSwitch.await(Scenario.MAX_TIME)) {
                    running.close();
                }
            } catch (InterruptedException e) {
                // The command has ended.
            }
        });
        try {
            return running.await();
        } finally {
            killer.interrupt();
        }
    }

    /** Waits for the rest of the output. Kills the processes that hold it open. */
    private static void finish(FutureTask<Boolean> reading, RunningCommand running) throws Exception {
        try {
            reading.get(LINGER_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            running.close();
            reading.get(READ_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}
