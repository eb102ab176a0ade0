package org.atex.podman;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.atex.support.OutputFiles;
import org.jspecify.annotations.Nullable;

/**
 * This program's side of the streams of one command: its standard streams, and its status pipe. Lifecycle: {@link #open}
 * is called before the command starts, {@link #connect} after it has reported its process id, and {@link #end} closes
 * everything; {@link #abandon} is called instead if the command did not start.
 *
 * <p>Thread safety: one thread opens and connects; any thread may call {@link #end}.
 */
interface CommandStreams {
    /** Receives what the container side reports on the status pipe, in another thread. */
    interface StatusListener {
        /** The command has started. */
        void started(long process);

        /**
         * The command has ended.
         *
         * @param code the exit code as bash reports it
         * @param lastProcess the last process id that was assigned in the container; 0 if unknown
         */
        void ended(int code, long lastProcess);

        /**
         * The command has ended, but its exit code must be asked for.
         *
         * @see ResidentShell#code
         */
        void endedWithUnknownCode();

        /** The start or the end of the command is not known. */
        void failed(IOException cause);

        /** The status pipe has ended. Called last. */
        void closed();
    }

    /**
     * Opens the pipes, so that the command does not block when it opens its ends.
     *
     * @throws TransferException if a local file to which the command is redirected cannot be opened
     */
    void open(StatusListener status) throws IOException, InterruptedException;

    /** {@return whether the command reports its process id before it opens its standard streams} */
    boolean reportsFirst();

    /**
     * Connects the streams. From here on a reader sees the end of a pipe when the last process in the container has
     * closed it.
     */
    void connect() throws IOException;

    /** The start has succeeded or failed: from here on the status pipe ends when the container side closes it. */
    void settled();

    @Nullable
    OutputStream in();

    @Nullable
    InputStream out();

    @Nullable
    InputStream err();

    /**
     * Waits until the output of the command has been written to the files.
     *
     * @throws TransferException if a file cannot be written
     */
    void awaitWritten() throws InterruptedException;

    /**
     * {@return whether certainly no process in the container has a pipe open, so that another command may use the
     * pipes} This is never known for the pipe of standard input.
     */
    boolean areReusable();

    /**
     * Takes over the rest of the output: it is in memory or in the files then, and {@link #end} does not lose it. Called
     * after the processes of the command have ended.
     *
     * @return done when everything is taken over, or at the latest after {@link #end}
     */
    CompletableFuture<?> drain();

    /** Closes all pipes. Readers see the end of the stream after what was written before. */
    void end();

    /** Closes the files and pipes of a command that did not start. */
    void abandon();

    /** {@return done when the rest of pipes is in memory, and that of others in files} */
    static CompletableFuture<?> drained(OutputFiles files, @Nullable PipeInput... pipes) {
        List<CompletableFuture<?>> all = new ArrayList<>(List.of(files.ended()));
        for (PipeInput pipe : pipes) {
            if (pipe != null) {
                all.add(pipe.drain());
            }
        }
        return CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0]));
    }

    /** {@return whether the output of a command arrives through a pipe} */
    static boolean isPiped(Output output) {
        return output.equals(Output.pipe()) || output instanceof Output.ToFile;
    }
}
