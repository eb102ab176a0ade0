package org.atex.jsonl;

import java.io.BufferedInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** The compression of a file. */
public enum Compression {
    /** No compression. */
    NONE("", new byte[0]),
    /** The gzip format, RFC 1952. */
    GZIP(".gz", new byte[] {0x1f, (byte) 0x8b}),
    /** The xz format: smaller files than gzip, at several times the CPU time. */
    XZ(".xz", new byte[] {(byte) 0xfd, '7', 'z', 'X', 'Z', 0});

    // The presets of xz use dictionaries of up to 64 MiB per stream, even for small data, and tests are stored in
    // parallel.
    private static final int SMALL_DICTIONARY = 64 << 10;
    private static final int LARGE_DICTIONARY = 1 << 20;

    private final String suffix;
    private final byte[] begin;

    Compression(String suffix, byte[] begin) {
        this.suffix = suffix;
        this.begin = begin;
    }

    /** {@return the suffix of the names of such files, such as {@code .gz}; empty for {@link #NONE}} */
    public String suffix() {
        return suffix;
    }

    /** {@return the first bytes of every file with this compression; empty for {@link #NONE}} */
    byte[] begin() {
        return begin.clone();
    }

    /**
     * {@return a stream that writes one member; closing it ends the member but does not close the underlying stream}
     *
     * @param to the underlying stream
     * @param size the number of bytes to compress, which determines the size of the dictionary
     */
    OutputStream compress(OutputStream to, long size) throws IOException {
        OutputStream unclosed = new NonClosingStream(to);
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

    /** {@return a reader of the members of a file; not for {@link #NONE}} */
    CompressedMembers members(InputStream file) {
        BufferedInputStream in = new BufferedInputStream(file, 64 << 10);
        return switch (this) {
            case NONE -> throw new IllegalStateException("a plain file has no members");
            case GZIP -> new GzipMembers(in);
            case XZ -> new XzMembers(in);
        };
    }

    private static final class NonClosingStream extends FilterOutputStream {
        NonClosingStream(OutputStream out) {
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
