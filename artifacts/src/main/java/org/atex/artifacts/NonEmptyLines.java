package org.atex.artifacts;

import java.io.IOException;
import java.io.InputStream;

/** The bytes of another stream without its empty lines. */
final class NonEmptyLines extends InputStream {
    private final InputStream in;
    private boolean isLineStart = true;

    NonEmptyLines(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int kept = 0;
        while (kept == 0) {
            int count = in.read(bytes, offset, length);
            if (count <= 0) {
                return count;
            }
            for (int i = offset; i < offset + count; i++) {
                boolean isLineBreak = bytes[i] == '\n';
                if (!isLineBreak || !isLineStart) {
                    bytes[offset + kept++] = bytes[i];
                }
                isLineStart = isLineBreak;
            }
        }
        return kept;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
