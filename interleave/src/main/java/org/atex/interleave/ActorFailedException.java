package org.atex.interleave;

import org.atex.api.AtexException;

/**
 * An actor has thrown an exception or an error, which is the cause. The interleaving can only be closed. Failures of
 * others at the same time are suppressed.
 */
public final class ActorFailedException extends AtexException {
    private static final long serialVersionUID = 1L;

    /** The name of the actor. */
    private final String actor;

    ActorFailedException(Point last, Throwable cause) {
        super("actor " + last.actor() + " failed after " + last + ": " + cause, cause);
        actor = last.actor();
    }

    /** {@return the name of the actor} */
    public String actor() {
        return actor;
    }
}
