package org.atex.ssh;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * What a channel sends. The sending itself is done in another thread: an interrupt of the caller's must not reach the
 * socket, which it would close. For one thread at a time.
 */
final class Outgoing extends OutputStream {
    private final OutputStream channel;
    private final Executor threads;

    Outgoing(OutputStream channel, Executor threads) {
        this.channel = channel;
        this.threads = threads;
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
            throw new IOException("cannot write to the command: " + e.getCause(), e.getCause());
        }
    }
}
