package org.atex.ssh;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import org.atex.api.CommandEnd;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a file or a tree in one direction. Repeats an attempt if the source changed, and turns errors into
 * messages.
 */
abstract class Transfer {
    private static final int ATTEMPTS = 3;
    private static final int NOT_FOUND = 127;

    private final String from;
    private final String to;

    Transfer(String from, String to) {
        this.from = from;
        this.to = to;
    }

    /** The source changed while it was read. Another attempt may succeed. */
    static final class ChangedException extends IOException {
        private static final long serialVersionUID = 1L;

        ChangedException(String message) {
            super(message);
        }
    }

    /** Copies everything once. */
    abstract void attempt() throws IOException, InterruptedException;

    /**
     * Copies everything. Uses another method if the system has no tar.
     *
     * @param alternative the other method
     */
    final void runOr(Transfer alternative) throws InterruptedException {
        try {
            run();
        } catch (TransferException e) {
            if (!(e.getCause() instanceof NoTarException)) {
                throw e;
            }
            alternative.run();
        }
    }

    final void run() throws InterruptedException {
        for (int i = 1; ; i++) {
            if (Thread.interrupted()) {
                throw interruption();
            }
            try {
                attempt();
                return;
            } catch (ChangedException e) {
                if (i == ATTEMPTS) {
                    throw failed(e);
                }
            } catch (ClosedByInterruptException | InterruptedIOException e) {
                // The channel has set the interrupt status, which the InterruptedException replaces.
                Thread.interrupted();
                throw interruption();
            } catch (IOException e) {
                throw failed(e);
            }
        }
    }

    private InterruptedException interruption() {
        return new InterruptedException("interrupted while copying " + from + " to " + to);
    }

    private TransferException failed(IOException e) {
        // The message of a FileSystemException is only a path; its class name contains the reason.
        String kind =
                e instanceof FileSystemException ? e.getClass().getSimpleName().replace("Exception", "") + ": " : "";
        return new TransferException(
                "could not copy " + from + " to " + to + ": " + kind + e.getMessage()
                        + " (part of it may have been copied)",
                e);
    }

    /** The system has no tar. */
    static final class NoTarException extends IOException {
        private static final long serialVersionUID = 1L;

        NoTarException(String message) {
            super(message);
        }
    }

    /**
     * {@return an exception for a failed tar on the system}
     *
     * @param end the exit code or signal of tar
     * @param errors the stderr of tar
     * @param failure the error on this machine that followed, or null
     */
    static IOException reason(CommandEnd end, String errors, @Nullable IOException failure) {
        String message = errors.isBlank()
                ? "tar on the system ended with " + end
                : errors.strip().replace("\n", "; ");
        return end.equals(new CommandEnd.Exited(NOT_FOUND))
                ? new NoTarException(message)
                : new IOException(message, failure);
    }
}
