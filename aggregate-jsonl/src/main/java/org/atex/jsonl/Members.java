package org.atex.jsonl;

import java.io.IOException;
import java.io.OutputStream;

/** The members of a compressed file, in their order. */
interface Members {
    /**
     * Writes what the next one holds.
     *
     * @return whether there was a whole one; false at the end of the file, and for one that the end of the file cuts off
     * @throws IOException for one that is broken otherwise: what follows it would be lost
     */
    boolean next(OutputStream to) throws IOException;

    /** {@return where the last whole one ended} */
    long end();
}
