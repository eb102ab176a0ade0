package org.atex.ssh;

/**
 * A range of a sparse file that contains data. The gaps between such ranges are holes.
 *
 * @param offset the first byte of the range
 * @param length the length in bytes
 */
record DataRange(long offset, long length) {
    /** {@return the first byte after the range} */
    long end() {
        return offset + length;
    }
}
