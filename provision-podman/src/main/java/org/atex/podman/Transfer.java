package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.atex.api.CommandEnd;
import org.atex.api.RunningCommand;
import org.atex.api.TransferException;

/**
 * What both directions share. A file goes as it is, a tree as a tar stream, which this machine's own tar packs or unpacks:
 * GNU tar writes nothing outside the directory it is given, and nothing through a link.
 */
abstract class Transfer {
    private static final int PIECE = 64 * 1024;

    private final String from;
    private final String to;

    Transfer(String from, String to) {
        this.from = from;
        this.to = to;
    }

    /** Moves everything. */
    abstract void move() throws IOException, InterruptedException;

    final void run() throws InterruptedException {
        if (Thread.interrupted()) {
            throw interruption();
        }
        try {
            move();
        } catch (ClosedByInterruptException | InterruptedIOException e) {
            Thread.interrupted();
            throw interruption();
        } catch (IOException e) {
            // The messages of file system exceptions are paths; their names say what is wrong.
            String kind = e instanceof FileSystemException
                    ? e.getClass().getSimpleName().replace("Exception", "") + ": "
                    : "";
            throw new TransferException(
                    "could not copy " + from + " to " + to + ": " + kind + e.getMessage()
                            + " (part of it may be there)",
                    e);
        }
    }

    private InterruptedException interruption() {
        return new InterruptedException("interrupted while copying " + from + " to " + to);
    }

    /** {@return all that a stream has, read beside whatever else goes on} */
    static FutureTask<String> words(String who, InputStream stream) {
        Callable<String> read = () -> new String(stream.readAllBytes(), UTF_8).strip();
        FutureTask<String> words = new FutureTask<>(read);
        Thread.ofPlatform().daemon().name("atex-podman-" + who).start(words);
        return words;
    }

    static String text(FutureTask<String> words) throws InterruptedException {
        try {
            return words.get();
        } catch (ExecutionException e) {
            return "";
        }
    }

    static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] piece = new byte[PIECE];
        for (int n; (n = from.read(piece)) >= 0; ) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException();
            }
            to.write(piece, 0, n);
        }
    }

    /**
     * Waits for what the container does.
     *
     * @throws IOException if it failed; its words are the message
     */
    static void finish(RunningCommand command, FutureTask<String> words) throws IOException, InterruptedException {
        CommandEnd end = command.await();
        if (!end.succeeded()) {
            String said = text(words).replace("\n", "; ");
            throw new IOException(said.isEmpty() ? "the container's side ended with " + end : said);
        }
    }

    /** This machine's tar, which is ended when it is closed. */
    static final class Tar implements AutoCloseable {
        private final Process process;
        private final FutureTask<String> words;

        Tar(ProcessBuilder builder) throws IOException {
            process = builder.start();
            words = Transfer.words("tar", process.getErrorStream());
        }

        InputStream output() {
            return process.getInputStream();
        }

        OutputStream input() {
            return process.getOutputStream();
        }

        /**
         * Waits for its end.
         *
         * @throws IOException if it failed; its words are the message
         */
        void finish() throws IOException, InterruptedException {
            if (process.waitFor() != 0) {
                throw new IOException("tar here: " + text(words).replace("\n", "; "));
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
