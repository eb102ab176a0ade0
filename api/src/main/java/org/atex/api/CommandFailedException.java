package org.atex.api;

/** A command that had to succeed did not; the system itself is fine. Thrown only where the caller asked for it. */
public final class CommandFailedException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message.
     *
     * @param message which command, how it ended, the last of what it said
     */
    public CommandFailedException(String message) {
        super(message, null);
    }
}
