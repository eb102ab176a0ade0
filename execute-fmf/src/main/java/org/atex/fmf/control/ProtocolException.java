package org.atex.fmf.control;

import java.io.IOException;

/** The test broke the rules of the control stream: the channel is of no further use, and the test has to end. */
public final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Whether the stream ended in the middle of a word. */
    private final boolean atEnd;

    /**
     * Makes one.
     *
     * @param message what was wrong, in words for the test's author
     */
    public ProtocolException(String message) {
        this(message, false);
    }

    ProtocolException(String message, boolean atEnd) {
        super(message);
        this.atEnd = atEnd;
    }

    /** {@return whether it was the end of the stream that cut a line off, which need not be the test's fault} */
    public boolean atEnd() {
        return atEnd;
    }
}
