package org.atex.api;

/**
 * Thrown if a command fails that had to succeed. The system itself works. Only methods that promise success throw it,
 * such as {@link CommandResult#orThrow()}.
 */
public final class CommandFailedException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a message.
     *
     * @param message the command, how it ended, and the end of its output
     */
    public CommandFailedException(String message) {
        super(message, null);
    }
}
