package org.atex.ssh;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.atex.api.CommandEnd;
import org.jspecify.annotations.Nullable;

/**
 * The standard input of a command. Each write runs in another thread, and the caller waits for it: if the caller's
 * thread wrote to the connection itself, an interrupt would close the socket. For one thread at a time.
 */
final class CommandStdin extends OutputStream {
    /** The exit code of shells for a program that the kernel refuses to start. */
    private static final CommandEnd NOT_STARTED = new CommandEnd.Exited(126);

    private final OutputStream channel;
    private final Executor threads;
    private final CompletableFuture<CommandEnd> end;

    /**
     * Creates a stream.
     *
     * @param channel the output stream of the channel
     * @param threads runs the writes
     * @param end completed when the command has ended; it explains a failed write
     */
    CommandStdin(OutputStream channel, Executor threads, CompletableFuture<CommandEnd> end) {
        this.channel = channel;
        this.threads = threads;
        this.end = end;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        // A copy: the caller may reuse the array when it is interrupted and the write still runs.
        byte[] copy = Arrays.copyOfRange(bytes, offset, offset + length);
        send(() -> {
            channel.write(copy, 0, copy.length);
            channel.flush();
        });
    }

    @Override
    public void close() throws IOException {
        send(channel::close);
    }

    private interface Write {
        void run() throws IOException;
    }

    private void send(Write write) throws IOException {
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            write.run();
            return true;
        });
        threads.execute(task);
        try {
            task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing to a command");
        } catch (ExecutionException e) {
            throw new IOException("could not write to the command: " + reason(e.getCause()), e.getCause());
        }
    }

    private String reason(@Nullable Throwable failure) {
        if (!end.isDone() || end.isCompletedExceptionally()) {
            return String.valueOf(failure);
        }
        CommandEnd ended = end.join();
        return "it has ended with " + ended
                + (ended.equals(NOT_STARTED)
                        ? " (the program could not be started, see stderr: is it executable, and are its arguments and"
                                + " variables shorter than the kernel's limit of 128 KiB each?)"
                        : "");
    }
}
