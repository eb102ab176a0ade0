package org.atex.artifacts;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/** Limits the length of lines in a stream: fails before the parser reads a longer line into memory. */
final class LineLimit extends FilterInputStream {
    private final Path file;
    private final int limit;
    private long line = 1;
    private long length;
    private boolean ended;

    LineLimit(InputStream in, Path file, int limit) {
        super(in);
        this.file = file;
        this.limit = limit;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
        if (ended) {
            return -1;
        }
        int got = in.read(bytes, offset, count);
        if (got < 0) {
            ended = true;
        } else {
            check(bytes, offset, offset + got);
        }
        return got;
    }

    private void check(byte[] bytes, int from, int end) {
        int start = from;
        for (int i = from; i < end; i++) {
            if (bytes[i] == '\n') {
                checkLength(length + i - start);
                line++;
                length = 0;
                start = i + 1;
            }
        }
        length += end - start;
        checkLength(length);
    }

    private void checkLength(long bytes) {
        if (bytes > limit) {
            throw new BrokenResultsException(file, line, "the line has more than " + limit + " bytes", null);
        }
    }
}
