package org.atex.artifacts;

import java.nio.file.Path;
import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a {@code results} file contains an invalid line. No result of the file should be used, as later lines may
 * be invalid as well.
 */
public final class BrokenResultsException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** The path of the file. */
    private final String file;

    /** The number of the line, from 1. */
    private final long line;

    BrokenResultsException(Path file, long line, String why, @Nullable Throwable cause) {
        super(
                "could not read the results in " + file + ", line " + line + ": " + why
                        + "; each line must be a JSON object, see ReportedResult for its keys",
                cause);
        this.file = file.toString();
        this.line = line;
    }

    /** {@return the file} */
    public Path file() {
        return Path.of(file);
    }

    /** {@return the number of the first invalid line, from 1} */
    public long line() {
        return line;
    }
}
