package org.atex.artifacts;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/** Refuses lines that are too long before anybody tries to hold one of them in memory. */
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
                lineMayHave(length + i - start);
                line++;
                length = 0;
                start = i + 1;
            }
        }
        length += end - start;
        lineMayHave(length);
    }

    private void lineMayHave(long bytes) {
        if (bytes > limit) {
            throw new BrokenResultsException(file, line, "it has more than " + limit + " bytes", null);
        }
    }
}
