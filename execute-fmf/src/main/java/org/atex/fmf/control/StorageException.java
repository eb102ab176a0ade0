package org.atex.fmf.control;

import java.io.IOException;

/**
 * Thrown if reported data cannot be stored on this machine, for example because the disk is full. Neither the test nor
 * its system is the cause.
 */
public final class StorageException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param what the data that cannot be stored, for the message
     * @param cause the cause
     */
    public StorageException(String what, IOException cause) {
        super("could not store " + what + " on this machine: " + cause.getMessage(), cause);
    }
}
