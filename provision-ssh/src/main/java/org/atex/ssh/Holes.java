package org.atex.ssh;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Finds long runs of zeros in files, which are holes or may as well be. Java does not tell where the holes are. */
final class Holes {
    /** Shorter files are not looked at. */
    static final long LARGE = 1 << 20;

    private static final int CHUNK = 256 * 1024;
    private static final int SAMPLE = 4096;
    private static final byte[] ZEROS = new byte[CHUNK];

    private Holes() {}

    /** {@return whether some bytes are all zero} */
    static boolean isZero(byte[] bytes, int length) {
        return length == 0
                || bytes[0] == 0
                        && bytes[length - 1] == 0
                        && Arrays.mismatch(bytes, 0, length, ZEROS, 0, Math.min(length, CHUNK)) < 0;
    }

    /**
     * {@return the parts of a file that have data: one for a file without long runs of zeros} Of each chunk the beginning is read,
     * and the rest only where that is zero: a file full of data costs one read in 64.
     *
     * @param file the file
     * @param size how much of it counts
     */
    static List<DataRange> data(FileChannel file, long size) throws IOException {
        if (size < LARGE) {
            return List.of(new DataRange(0, size));
        }
        List<DataRange> data = new ArrayList<>();
        byte[] piece = new byte[CHUNK];
        long begin = -1;
        for (long at = 0; at < size; at += CHUNK) {
            int length = (int) Math.min(CHUNK, size - at);
            boolean hole = isZero(file, piece, at, Math.min(SAMPLE, length)) && isZero(file, piece, at, length);
            if (hole && begin >= 0) {
                data.add(new DataRange(begin, at - begin));
                begin = -1;
            } else if (!hole && begin < 0) {
                begin = at;
            }
        }
        if (begin >= 0) {
            data.add(new DataRange(begin, size - begin));
        }
        return data;
    }

    private static boolean isZero(FileChannel file, byte[] piece, long at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(piece, 0, length);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, at + buffer.position()) < 0) {
                return false; // it became shorter, which is noticed where it is sent
            }
        }
        return isZero(piece, length);
    }
}
