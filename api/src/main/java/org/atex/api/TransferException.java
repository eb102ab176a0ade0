package org.atex.api;

import org.jspecify.annotations.Nullable;

/** Files could not be moved to or from a system, though the connection holds: mend the path, the rights or the room. */
public final class TransferException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message which path could not be moved where, and why
     * @param cause what led to it, if anything did
     */
    public TransferException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * Refuses a path of a system that begins with a tilde: it means a home to shells, and a file of that name to everything
     * else. Every connection does so before it copies.
     *
     * @param path the path that the caller gave
     * @param what what was to be copied where, for the message
     * @throws TransferException if it begins with a tilde
     */
    public static void refuseTilde(String path, String what) {
        if (path.startsWith("~")) {
            throw new TransferException(
                    "could not copy " + what + ": '" + path
                            + "' begins with '~', which means a home to shells only; give"
                            + " an absolute path (the command 'sh -c \"echo ~\"' prints the home), or './" + path
                            + "' for a file of that name",
                    null);
        }
    }
}
