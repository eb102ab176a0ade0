package org.atex.fmf.control;

import java.io.IOException;

/** Thrown if a test violates the protocol of the control stream. The stream cannot be read any further. */
public final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Whether the stream ended within a line. */
    private final boolean atEnd;

    /**
     * Creates an exception.
     *
     * @param message the violation, described for the author of the test
     */
    public ProtocolException(String message) {
        this(message, false);
    }

    ProtocolException(String message, boolean atEnd) {
        super(message);
        this.atEnd = atEnd;
    }

    /** {@return whether the end of the stream cut off a line, which a lost connection can cause as well} */
    public boolean atEnd() {
        return atEnd;
    }
}
