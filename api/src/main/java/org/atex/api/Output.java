package org.atex.api;

import java.nio.file.Path;

/** Where one of a command's output streams goes. Immutable. */
public sealed interface Output {
    /** {@return to the caller, who reads it from the {@link RunningCommand}: the default} */
    static Output pipe() {
        return Special.PIPE;
    }

    /** {@return nowhere} */
    static Output discard() {
        return Special.DISCARD;
    }

    /** {@return for standard error: to wherever standard output goes, in the order written} */
    static Output merge() {
        return Special.MERGE;
    }

    /**
     * {@return to the end of a file of this machine, as it is written}
     *
     * @param path the file; made if missing, its directory is not
     */
    static Output file(Path path) {
        return new ToFile(path);
    }

    /** The ways that need no more than a name. */
    enum Special implements Output {
        /** To the caller. */
        PIPE,
        /** Nowhere. */
        DISCARD,
        /** Standard error to standard output. */
        MERGE
    }

    /**
     * To the end of a file of this machine.
     *
     * @param path the file
     */
    record ToFile(Path path) implements Output {}
}
