package org.atex.interleave;

import org.atex.api.AtexException;

/**
 * The actors cannot pass their points in the planned order: an actor skipped a planned point, ended before a planned
 * point, or reached points in several threads at once. The interleaving can only be closed.
 */
public final class OrderException extends AtexException {
    private static final long serialVersionUID = 1L;

    OrderException(String message) {
        super(message, null);
    }
}
