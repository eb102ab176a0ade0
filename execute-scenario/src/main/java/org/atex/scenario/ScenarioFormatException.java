package org.atex.scenario;

import java.nio.file.Path;
import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/** Thrown if a description of a scenario is not valid. The message has the file, the place in it and the key. */
public final class ScenarioFormatException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** The path of the file. */
    private final String file;

    /** The line, from 1. */
    private final int line;

    /** The column, from 1. */
    private final int column;

    /** The key. */
    private final String key;

    ScenarioFormatException(Path file, JsonItem.Place place, String key, String why, @Nullable Throwable cause) {
        super(
                "could not read the scenario in " + file + ", line " + place.line() + ", column " + place.column()
                        + (key.isEmpty() ? "" : ", key " + key) + ": " + why,
                cause);
        this.file = file.toString();
        this.line = place.line();
        this.column = place.column();
        this.key = key;
    }

    /** {@return the file} */
    public Path file() {
        return Path.of(file);
    }

    /** {@return the line, from 1} */
    public int line() {
        return line;
    }

    /** {@return the column, from 1} */
    public int column() {
        return column;
    }

    /** {@return the key, such as {@code events[1].interval_sec}; empty if the description as a whole is not valid} */
    public String key() {
        return key;
    }
}
