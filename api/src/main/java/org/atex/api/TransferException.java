package org.atex.api;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if files cannot be copied to or from a system although the connection works. The caller may mend the path, the
 * permissions or the free disk space.
 */
public final class TransferException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a message and a cause.
     *
     * @param message the source, the target, and the reason
     * @param cause the cause, or null if unknown
     */
    public TransferException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * Rejects a path of a system that begins with a tilde. Shells expand it to a home directory, other programs take it
     * for a file of that name. Every connection calls this method before it copies.
     *
     * @param path the path on the system
     * @param what the source and the target, for the message
     * @throws TransferException if the path begins with a tilde
     */
    public static void refuseTilde(String path, String what) {
        if (path.startsWith("~")) {
            throw new TransferException(
                    "could not copy " + what + ": '" + path
                            + "' begins with '~', which only shells expand to a home directory; give an absolute path"
                            + " (the command 'sh -c \"echo ~\"' prints the home directory), or './" + path
                            + "' for a file of that name",
                    null);
        }
    }
}
