package org.atex.fmf.tree;

import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/** Metadata that cannot be used: the message names file and line, node and key, or the expression. */
public class FmfException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** What is wrong, in the words of the format; one word for each thing that a caller can do about it. */
    public enum Kind {
        /** An empty tree, a bad configuration, an option that does not exist. */
        GENERAL,
        /** The version file, directives, keys, rules or substitutions are not written as they must be. */
        FORMAT,
        /** A file or directory cannot be read, or is not YAML. */
        FILE,
        /** There is no {@code .fmf} directory here or above. */
        ROOT,
        /** A filter asks for a key that the data lack, or for a name where there is none. */
        FILTER,
        /** A merge operator cannot be applied to values of these types. */
        MERGE,
        /** An identifier leads to no node. */
        REFERENCE,
        /** A remote tree cannot be fetched. */
        FETCH,
        /** A condition asks for a dimension that the context does not define well enough. */
        CANNOT_DECIDE,
        /** A condition is not written as it must be. */
        INVALID_RULE,
        /** A context is not written as it must be. */
        INVALID_CONTEXT,
        /** A value of a type that cannot stand there, an invalid regular expression, an impossible date. */
        INVALID_VALUE,
        /** The metadata are larger or deeper than any honest ones. */
        LIMIT
    }

    /** The kind. */
    private final Kind kind;

    /**
     * Makes one with a message and what led to it.
     *
     * @param kind what is wrong, in the words of the format
     * @param message what is wrong, where, and what to do
     * @param cause what led to it, if anything did
     */
    public FmfException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    FmfException(Kind kind, String message) {
        this(kind, message, null);
    }

    /** {@return what is wrong, in the words of the format} */
    public Kind kind() {
        return kind;
    }

    /** {@return the same failure, with the place where it happened in front of its message} */
    FmfException at(String place) {
        var placed = new FmfException(kind, place + ": " + getMessage(), getCause());
        placed.setStackTrace(getStackTrace());
        return placed;
    }
}
