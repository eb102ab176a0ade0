package org.atex.ssh;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds holes in sparse files. Java has no call for that ({@code SEEK_HOLE}), so that long runs of zeros are taken for
 * holes. Stateless.
 */
final class Holes {
    /** The size in bytes from which files are searched for holes. */
    static final long MIN_FILE_BYTES = 1 << 20;

    /** The unit of the search: a hole begins and ends at a multiple of it, or at the end of the file. */
    private static final int CHUNK = 256 * 1024;

    /** The bytes of a chunk that are read first. */
    private static final int SAMPLE = 4096;

    private static final byte[] ZEROS = new byte[CHUNK];

    private Holes() {}

    /**
     * {@return whether the first bytes of an array are all zero}
     *
     * @param length the number of bytes
     */
    static boolean isZero(byte[] bytes, int length) {
        // The first and the last byte decide most cases without a loop.
        return length == 0
                || bytes[0] == 0
                        && bytes[length - 1] == 0
                        && Arrays.mismatch(bytes, 0, length, ZEROS, 0, Math.min(length, CHUNK)) < 0;
    }

    /**
     * {@return the ranges of a file that contain data, in order; one range for a file without holes} Each chunk is read
     * completely only if its beginning is zero: of a file without zeros, a 64th is read.
     *
     * @param file the file
     * @param size the number of bytes of the file to search
     */
    static List<DataRange> data(FileChannel file, long size) throws IOException {
        if (size < MIN_FILE_BYTES) {
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
                return false; // the file became shorter: the upload detects that when it reads the data
            }
        }
        return isZero(piece, length);
    }
}
