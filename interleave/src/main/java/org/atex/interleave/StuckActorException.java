package org.atex.interleave;

import org.atex.api.AtexException;

/**
 * An actor did not reach its next planned point or its end within the time limit, waits for a lock of a parked actor, or
 * did not end after {@link Interleaving#close}. The message says where each actor is, with the stack of running
 * threads, and the last output of running commands.
 * The interleaving can only be closed.
 */
public final class StuckActorException extends AtexException {
    private static final long serialVersionUID = 1L;

    StuckActorException(String message) {
        super(message, null);
    }
}
