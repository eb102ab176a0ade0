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
 * What a channel sends. The sending itself is done in another thread: an interrupt of the caller's must not reach the
 * socket, which it would close. For one thread at a time.
 */
final class CommandStdin extends OutputStream {
    /** What shells say of a program that the system does not start. */
    private static final CommandEnd NOT_STARTED = new CommandEnd.Exited(126);

    private final OutputStream channel;
    private final Executor threads;
    private final CompletableFuture<CommandEnd> end;

    /**
     * Makes one.
     *
     * @param channel what it sends
     * @param threads where it is sent
     * @param end done when the command has ended, which explains why nothing can be sent
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

    private interface Sending {
        void run() throws IOException;
    }

    private void send(Sending sending) throws IOException {
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            sending.run();
            return true;
        });
        threads.execute(task);
        try {
            task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing to a command");
        } catch (ExecutionException e) {
            throw new IOException("cannot write to the command: " + why(e.getCause()), e.getCause());
        }
    }

    private String why(@Nullable Throwable failure) {
        if (!end.isDone() || end.isCompletedExceptionally()) {
            return String.valueOf(failure);
        }
        CommandEnd ended = end.join();
        return "it has ended with " + ended
                + (ended.equals(NOT_STARTED)
                        ? " (it could not be started, see its errors: is one of its arguments or variables longer than"
                                + " the 128 KiB of the system's limit, or the program not executable?)"
                        : "");
    }
}
