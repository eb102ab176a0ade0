package org.atex.jsonl;

import java.io.BufferedInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Whether and how bytes are made fewer. */
public enum Compression {
    /** They are left as they are. */
    NONE("", new byte[0]),
    /** As by gzip. */
    GZIP(".gz", new byte[] {0x1f, (byte) 0x8b}),
    /** As by xz: fewer bytes than gzip, at several times the effort. */
    XZ(".xz", new byte[] {(byte) 0xfd, '7', 'z', 'X', 'Z', 0});

    // xz's own presets take up to 64 MiB of memory for each stream, however little goes in.
    private static final int SMALL_DICTIONARY = 64 << 10;
    private static final int LARGE_DICTIONARY = 1 << 20;

    private final String suffix;
    private final byte[] begin;

    Compression(String suffix, byte[] begin) {
        this.suffix = suffix;
        this.begin = begin;
    }

    /** {@return what the names of such files end in, as {@code .gz}; empty for {@link #NONE}} */
    public String suffix() {
        return suffix;
    }

    /** {@return what every compressed file begins with} */
    byte[] begin() {
        return begin.clone();
    }

    /** {@return a stream that writes one whole member; closing it ends the member, and leaves the other stream open} */
    OutputStream compress(OutputStream to, long size) throws IOException {
        OutputStream unclosed = new Unclosed(to);
        return switch (this) {
            case NONE -> unclosed;
            case GZIP -> new GZIPOutputStream(unclosed, 8192);
            case XZ -> new XZOutputStream(unclosed, options(size));
        };
    }

    private static LZMA2Options options(long size) throws IOException {
        LZMA2Options options = new LZMA2Options(2);
        options.setDictSize(size <= SMALL_DICTIONARY ? SMALL_DICTIONARY : LARGE_DICTIONARY);
        return options;
    }

    /** What is in a file of such members, up to a torn one. */
    Members members(InputStream file) {
        BufferedInputStream in = new BufferedInputStream(file, 64 << 10);
        return switch (this) {
            case NONE -> throw new IllegalStateException("a plain file has no members");
            case GZIP -> new GzipMembers(in);
            case XZ -> new XzMembers(in);
        };
    }

    private static final class Unclosed extends FilterOutputStream {
        Unclosed(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
