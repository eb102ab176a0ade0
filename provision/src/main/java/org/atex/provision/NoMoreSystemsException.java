package org.atex.provision;

import org.atex.api.AtexException;

/**
 * A {@link SystemMaker} has no more systems, however often it is called. {@link org.atex.api.Provisioner#take} returns
 * {@link org.atex.api.Offer.Exhausted} with the message of the exception.
 */
public final class NoMoreSystemsException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message the reason
     */
    public NoMoreSystemsException(String message) {
        super(message, null);
    }
}
