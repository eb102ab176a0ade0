package org.atex.artifacts;

import java.nio.file.Path;
import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/** A {@code results} file holds something that is not a result. None of it should be used: what else is wrong is unknown. */
public final class BrokenResultsException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** The path of the file. */
    private final String file;

    /** The number of the line, from 1. */
    private final long line;

    BrokenResultsException(Path file, long line, String why, @Nullable Throwable cause) {
        super(
                "could not read the results in " + file + ", line " + line + ": " + why
                        + "; each line has to be one JSON object, see ReportedResult for its keys",
                cause);
        this.file = file.toString();
        this.line = line;
    }

    /** {@return the file} */
    public Path file() {
        return Path.of(file);
    }

    /** {@return the first line that is wrong, from 1 upwards} */
    public long line() {
        return line;
    }
}
