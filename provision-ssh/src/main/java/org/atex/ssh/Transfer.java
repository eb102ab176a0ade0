package org.atex.ssh;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import org.atex.api.CommandEnd;
import org.atex.api.TransferException;
import org.jspecify.annotations.Nullable;

/** What both directions share: how failures are told, and that a source which changed meanwhile is read once more. */
abstract class Transfer {
    private static final int ATTEMPTS = 3;
    private static final int NOT_FOUND = 127;

    private final String from;
    private final String to;

    Transfer(String from, String to) {
        this.from = from;
        this.to = to;
    }

    /** The source changed while it was read: it may be worth trying again. */
    static final class ChangedException extends IOException {
        private static final long serialVersionUID = 1L;

        ChangedException(String message) {
            super(message);
        }
    }

    /** Moves everything once. */
    abstract void attempt() throws IOException, InterruptedException;

    /**
     * Moves everything.
     *
     * @param instead what is done where the system has no tar
     */
    final void runOr(Transfer instead) throws InterruptedException {
        try {
            run();
        } catch (TransferException e) {
            if (!(e.getCause() instanceof NoTarException)) {
                throw e;
            }
            instead.run();
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
        // The messages of file system exceptions are paths; their names say what is wrong.
        String kind =
                e instanceof FileSystemException ? e.getClass().getSimpleName().replace("Exception", "") + ": " : "";
        return new TransferException(
                "could not copy " + from + " to " + to + ": " + kind + e.getMessage() + " (part of it may be there)",
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
     * {@return what is to be told of a program that ended, and of what broke because of it}
     *
     * @param end how it ended
     * @param said what it said
     * @param broken what broke here, or null
     */
    static IOException reason(CommandEnd end, String said, @Nullable IOException broken) {
        String words =
                said.isBlank() ? "tar there ended with " + end : said.strip().replace("\n", "; ");
        return end.equals(new CommandEnd.Exited(NOT_FOUND))
                ? new NoTarException(words)
                : new IOException(words, broken);
    }
}
