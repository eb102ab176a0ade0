package org.atex.fmf.tree;

import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when metadata cannot be read, merged, adjusted or queried.
 *
 * <p>The message names file and line, node and key, or marks the place in the expression.
 */
public class FmfException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** The kind of an error: one constant for each reaction that a caller can have. */
    public enum Kind {
        /** A tree is empty, the configuration is invalid, or an option does not exist. */
        GENERAL,
        /** The version file, a directive, key, rule or substitution has an invalid form. */
        FORMAT,
        /** A file or directory cannot be read, or is not YAML. */
        FILE,
        /** Neither the directory nor one above it has a {@code .fmf} directory. */
        ROOT,
        /** A filter mentions a key that the data lack, or tests a name where none was given. */
        FILTER,
        /** A merge operator cannot be applied to values of these types. */
        MERGE,
        /** An identifier refers to a node that does not exist. */
        REFERENCE,
        /** A remote tree cannot be fetched. */
        FETCH,
        /** A condition needs a dimension, or a part of a version, that the context does not define. */
        CANNOT_DECIDE,
        /** The syntax of a condition is invalid. */
        INVALID_RULE,
        /** The syntax of a context is invalid. */
        INVALID_CONTEXT,
        /** A value has the wrong type, a regular expression is invalid, or a date does not exist. */
        INVALID_VALUE,
        /** The metadata exceed a limit of size, depth or cost. */
        LIMIT
    }

    /** The kind of the error. */
    private final Kind kind;

    /**
     * Creates an exception.
     *
     * @param kind the kind of the error
     * @param message the error, its place, and a remedy
     * @param cause the cause, or null
     */
    public FmfException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    FmfException(Kind kind, String message) {
        this(kind, message, null);
    }

    /** {@return the kind of the error} */
    public Kind kind() {
        return kind;
    }

    /** {@return a copy of this exception with the same stack trace and with a place at the beginning of its message} */
    FmfException at(String place) {
        var placed = new FmfException(kind, place + ": " + getMessage(), getCause());
        placed.setStackTrace(getStackTrace());
        return placed;
    }
}
