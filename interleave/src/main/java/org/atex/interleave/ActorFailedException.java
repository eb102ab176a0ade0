package org.atex.interleave;

import org.atex.api.AtexException;

/**
 * An actor has thrown an exception or an error, which is the cause. If the actor is a command on a system, the cause is
 * a {@link org.atex.api.CommandFailedException} or a {@link org.atex.api.ConnectionLostException}, and its message quotes
 * the last lines of the output. The interleaving can only be closed. Failures of
 * others at the same time are suppressed.
 */
public final class ActorFailedException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** The name of the actor. */
    private final String actor;

    ActorFailedException(String actor, String place, Throwable cause) {
        super("actor " + actor + " failed " + place + ": " + cause, cause);
        this.actor = actor;
    }

    /** {@return the name of the actor} */
    public String actor() {
        return actor;
    }
}
