package org.atex.fmf.control;

import java.io.IOException;

/** What a test reported cannot be stored on this machine: the fault of neither the test nor its system. */
public final class StorageException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param what what cannot be stored
     * @param cause why
     */
    public StorageException(String what, IOException cause) {
        super("could not store " + what + " on the runner's side: " + cause.getMessage(), cause);
    }
}
