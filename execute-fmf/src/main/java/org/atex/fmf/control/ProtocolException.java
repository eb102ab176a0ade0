package org.atex.fmf.control;

import java.io.IOException;

/** The test broke the rules of the control stream: the channel is of no further use, and the test has to end. */
public final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what was wrong, in words for the test's author
     */
    public ProtocolException(String message) {
        super(message);
    }
}
