package org.atex.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Runs a command to its end and collects its output: the implementation of {@link Connection#run}. */
final class Capture {
    /** The limit of each stream in bytes, so that a runaway command cannot fill the heap. */
    private static final int LIMIT = 64 * 1024 * 1024;

    /**
     * The time for which the streams may stay open after the command has ended. After that, the processes that hold
     * them open are ended. Too short a time cuts the output of a child process that is just ending.
     */
    private static final long LINGER_MILLIS = 200;

    private Capture() {}

    @SuppressWarnings("try") // close() is called early, see below
    static CommandResult run(Connection connection, Command command) throws InterruptedException {
        if (command.stdin().equals(Input.pipe())) {
            throw new IllegalArgumentException("run() cannot write to the input pipe of '" + command
                    + "': pass the whole input with Input.bytes, text or file, or use start()");
        }
        try (RunningCommand running = connection.start(command)) {
            // Reads both streams at the same time. A command that is blocked on a full pipe for one of them would never
            // reach the end of the other.
            Future<byte[]> stdout = read(running, command.stdout(), running::stdout);
            Future<byte[]> stderr = read(running, command.stderr(), running::stderr);
            CommandEnd end = running.await();
            if (!(endsSoon(stdout) && endsSoon(stderr))) {
                // Processes that the command left running hold the streams open: without this, the readers never end.
                running.close();
            }
            return new CommandResult(command, end, stdout.get(), stderr.get());
        } catch (ExecutionException e) {
            throw e.getCause() instanceof OutputTooLong
                    ? new CommandFailedException("ended '" + command + "', because it wrote more than " + (LIMIT >> 20)
                            + " MiB to one stream; redirect that stream to a file with Output.file(path)")
                    : new ConnectionLostException("could not read the output of '" + command + "'", e.getCause());
        }
    }

    private static Future<byte[]> read(RunningCommand running, Output output, Supplier<InputStream> stream) {
        FutureTask<byte[]> task =
                new FutureTask<>(() -> output.equals(Output.pipe()) ? readAll(running, stream.get()) : new byte[0]);
        if (output.equals(Output.pipe())) {
            Thread.ofVirtual().name("atex-capture").start(task);
        } else {
            // There is nothing to read: the task ends at once, without a thread of its own.
            task.run();
        }
        return task;
    }

    private static byte[] readAll(RunningCommand running, InputStream stream) throws IOException, OutputTooLong {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] buffer = new byte[16 * 1024];
        for (int n; (n = stream.read(buffer)) >= 0; ) {
            all.write(buffer, 0, n);
            if (all.size() > LIMIT) {
                // Ends the command now: else await() would last as long as the command goes on writing.
                running.close();
                throw new OutputTooLong();
            }
        }
        return all.toByteArray();
    }

    private static boolean endsSoon(Future<byte[]> stream) throws InterruptedException, ExecutionException {
        try {
            stream.get(LINGER_MILLIS, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    private static final class OutputTooLong extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
