package org.atex.junitxml;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the beginning and the end of the output of a test, without reading the output into memory. */
final class OutputText {
    private final long head;
    private final long tail;

    OutputText(JUnitXmlOptions options) {
        head = options.head();
        tail = options.tail();
    }

    void write(OutputStream to, Path output) throws IOException {
        // Not Files.newInputStream: an interrupt of the thread closes its channel, but ingest must not react to
        // interrupts.
        long size = Files.size(output);
        try (InputStream in = new FileInputStream(output.toFile())) {
            if (size <= head + tail) {
                XmlText.text(to, in, size);
                return;
            }
            XmlText.text(to, in, head);
            long left = size - head - tail;
            XmlText.text(to, "\n[… " + left + " bytes omitted …]\n");
            in.skipNBytes(left);
            XmlText.text(to, new WholeCharacters(in), tail);
        }
    }

    /** Skips the rest of a UTF-8 character if its beginning was omitted. */
    private static final class WholeCharacters extends InputStream {
        private final InputStream in;
        private boolean begun;

        WholeCharacters(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            return in.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (begun) {
                return in.read(bytes, offset, length);
            }
            begun = true;
            int first = in.read();
            for (int i = 0; i < 3 && (first & 0xc0) == 0x80; i++) {
                first = in.read();
            }
            if (first < 0) {
                return -1;
            }
            bytes[offset] = (byte) first;
            return 1;
        }
    }
}
