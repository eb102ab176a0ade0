package org.atex.ssh;

/**
 * A part of a file that has data; what lies between such parts is a hole.
 *
 * @param offset where it begins
 * @param length how long it is
 */
record DataRange(long offset, long length) {
    long end() {
        return offset + length;
    }
}
