package org.atex.fmf.tree;

import org.atex.api.AtexException;
import org.jspecify.annotations.Nullable;

/** Metadata that cannot be used: the message names file and line, node and key, or the expression. */
public class FmfException extends AtexException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one with a message and what led to it.
     *
     * @param message what is wrong, where, and what to do
     * @param cause what led to it, if anything did
     */
    public FmfException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
