package org.atex.jsonl;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.tukaani.xz.SingleXZInputStream;

/** Reads the streams of an xz file. {@link SingleXZInputStream} reads no byte beyond the end of its stream. */
final class XzMembers implements CompressedMembers {
    // Files of this library need far less. A corrupt header must not cause an allocation of gigabytes.
    private static final int MEMORY_LIMIT_KIB = 64 << 10;

    private final Counting in;
    private long end;

    XzMembers(InputStream in) {
        this.in = new Counting(in);
    }

    @Override
    public long end() {
        return end;
    }

    @Override
    public boolean next(OutputStream to) throws IOException {
        try {
            new SingleXZInputStream(in, MEMORY_LIMIT_KIB).transferTo(to);
            end = in.count;
            return true;
        } catch (EOFException e) {
            return false;
        }
    }

    private static final class Counting extends FilterInputStream {
        private long count;

        Counting(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int b = in.read();
            count += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int got = in.read(bytes, offset, length);
            count += Math.max(got, 0);
            return got;
        }
    }
}
