package org.atex.jsonl;

import java.io.IOException;
import java.io.OutputStream;

/** Reads the members of a compressed file in order: the parts that were compressed separately, one per test. */
interface CompressedMembers {
    /**
     * Decompresses the next member.
     *
     * @param to the stream for the content; it may receive a part of an incomplete member
     * @return true if the member is complete; false at the end of the file, and for a member cut off by it
     * @throws IOException if the member is corrupt: later members cannot be read
     */
    boolean next(OutputStream to) throws IOException;

    /** {@return the position in the file after the last complete member} */
    long end();
}
