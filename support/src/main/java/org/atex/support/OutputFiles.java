package org.atex.support;

import java.util.concurrent.CompletableFuture;
import org.atex.api.Command;
import org.atex.api.Output;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * The local files to which the output of a command is redirected. Thread-safe.
 *
 * @param out the file for standard output, or null
 * @param err the file for standard error, or null
 */
public record OutputFiles(
        @Nullable OutputFile out, @Nullable OutputFile err) {
    /**
     * Opens the files of a command.
     *
     * @param command the command
     * @return the files
     * @throws TransferException if a file cannot be opened; none is open then
     */
    public static OutputFiles of(Command command) {
        OutputFile out = open(command.stdout());
        try {
            return new OutputFiles(out, open(command.stderr()));
        } catch (RuntimeException e) {
            if (out != null) {
                out.abandon();
            }
            throw e;
        }
    }

    private static @Nullable OutputFile open(Output output) {
        return output instanceof Output.ToFile file ? new OutputFile(file.path()) : null;
    }

    /**
     * Waits until all output is written, as {@link OutputFile#awaitWritten()} does.
     *
     * @throws InterruptedException if interrupted
     * @throws TransferException if a file could not be written
     */
    public void awaitWritten() throws InterruptedException {
        if (out != null) {
            out.awaitWritten();
        }
        if (err != null) {
            err.awaitWritten();
        }
    }

    /** {@return done when nothing more is written to the files, see {@link OutputFile#ended()}} */
    public CompletableFuture<?> ended() {
        return CompletableFuture.allOf(ended(out), ended(err));
    }

    private static CompletableFuture<?> ended(@Nullable OutputFile file) {
        return file == null ? CompletableFuture.completedFuture(null) : file.ended();
    }

    /** {@return whether the ends of all redirected streams were read} */
    public boolean atEnd() {
        return (out == null || out.atEnd()) && (err == null || err.atEnd());
    }

    /** Closes the files of a command that did not start. */
    public void abandon() {
        if (out != null) {
            out.abandon();
        }
        if (err != null) {
            err.abandon();
        }
    }
}
