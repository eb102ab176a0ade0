package org.atex.api;

import java.nio.file.Path;

/** The destination of standard output or standard error of a command. The default is {@link #pipe()}. Immutable. */
public sealed interface Output {
    /** {@return an output that the caller reads from the {@link RunningCommand}; the default} */
    static Output pipe() {
        return Special.PIPE;
    }

    /** {@return an output that discards all bytes} */
    static Output discard() {
        return Special.DISCARD;
    }

    /** {@return for standard error only: the destination of standard output, in the order written} */
    static Output merge() {
        return Special.MERGE;
    }

    /**
     * {@return an output that appends to a local file while the command runs}
     *
     * @param path the file, which is created if it is missing; its directory must exist
     */
    static Output file(Path path) {
        return new ToFile(path);
    }

    /** The outputs without parameters. */
    enum Special implements Output {
        /** Piped to the caller. */
        PIPE,
        /** Discarded. */
        DISCARD,
        /** Standard error merged into standard output. */
        MERGE
    }

    /**
     * An output that appends to a local file.
     *
     * @param path the path of the file
     */
    record ToFile(Path path) implements Output {}
}
