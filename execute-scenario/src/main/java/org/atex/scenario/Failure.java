package org.atex.scenario;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.atex.api.CommandFailedException;
import org.atex.api.ConnectionLostException;
import org.jspecify.annotations.Nullable;

/**
 * A failed occurrence.
 *
 * @param note the reason, one line
 * @param stackTrace the stack trace, or null if the note says enough
 * @param isLoss whether a connection was lost
 */
record Failure(String note, @Nullable String stackTrace, boolean isLoss) {
    private static final int MAX_TRACE = 100_000;

    static Failure of(Throwable e) {
        boolean isLoss = e instanceof ConnectionLostException;
        boolean isPlain = isLoss || e instanceof CommandFailedException;
        String note = isPlain ? Words.line(String.valueOf(e.getMessage())) : Words.of(e);
        return new Failure(note, isPlain ? null : stackTrace(e), isLoss);
    }

    private static @Nullable String stackTrace(Throwable e) {
        try {
            StringWriter text = new StringWriter();
            e.printStackTrace(new PrintWriter(text));
            return text.getBuffer()
                    .substring(0, Math.min(MAX_TRACE, text.getBuffer().length()));
        } catch (Throwable broken) {
            // The exception belongs to the user, and so do its methods.
            return null;
        }
    }
}
