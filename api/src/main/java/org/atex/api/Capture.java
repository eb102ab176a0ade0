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

/** Runs a command and keeps what it writes: {@link Connection#run}. */
final class Capture {
    private static final int LIMIT = 64 * 1024 * 1024;

    /** How long the output of a command that has ended may stay open before its leftovers are ended too. */
    private static final long LINGER_MILLIS = 200;

    private Capture() {}

    @SuppressWarnings("try") // closed early, so that readers see the end of what a leftover holds open
    static CommandResult run(Connection connection, Command command) throws InterruptedException {
        if (command.stdin().equals(Input.pipe())) {
            throw new IllegalArgumentException(
                    "'" + command + "' reads a pipe that nobody writes to: give run() the whole input, or use start()");
        }
        try (RunningCommand running = connection.start(command)) {
            // Both at once: a command blocked on a stream that nobody reads would never end the other.
            Future<byte[]> stdout = read(running, command.stdout(), running::stdout);
            Future<byte[]> stderr = read(running, command.stderr(), running::stderr);
            CommandEnd end = running.await();
            if (!(endsSoon(stdout) && endsSoon(stderr))) {
                running.close();
            }
            return new CommandResult(command, end, stdout.get(), stderr.get());
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TooMuch
                    ? new CommandFailedException("'" + command + "' was ended: it wrote more than " + (LIMIT >> 20)
                            + " MiB to one stream; redirect it to a file with Output.file(path)")
                    : new ConnectionLostException("lost the output of '" + command + "'", e.getCause());
        }
    }

    private static Future<byte[]> read(RunningCommand running, Output output, Supplier<InputStream> stream) {
        FutureTask<byte[]> task =
                new FutureTask<>(() -> output.equals(Output.pipe()) ? readAll(running, stream.get()) : new byte[0]);
        if (output.equals(Output.pipe())) {
            Thread.ofVirtual().name("atex-capture").start(task);
        } else {
            task.run();
        }
        return task;
    }

    private static byte[] readAll(RunningCommand running, InputStream stream) throws IOException, TooMuch {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] buffer = new byte[16 * 1024];
        for (int n; (n = stream.read(buffer)) >= 0; ) {
            all.write(buffer, 0, n);
            if (all.size() > LIMIT) {
                running.close();
                throw new TooMuch();
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

    private static final class TooMuch extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
