package org.atex.artifacts;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A temporary buffer of any size. Up to {@value #IN_MEMORY} bytes are kept in memory; more are written to a deleted
 * temporary file; the system frees its space when the buffer is closed or the program ends.
 *
 * <p>Used by aggregators: all results of a test are read and rendered into a buffer first, and are then appended to an
 * {@link AppendFile} as a whole.
 *
 * <p>Lifecycle: first written, then read with {@link #writeTo} or {@link #input} any number of times, then {@linkplain
 * #close() closed}. Does not react to interrupts.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class TempBuffer extends OutputStream {
    /** Maximum number of bytes kept in memory: 256 KiB. */
    public static final int IN_MEMORY = 256 << 10;

    private static final int INITIAL_SIZE = 1024;
    private static final int READ_SIZE = 64 << 10;

    private final Path directory;
    private byte[] buffer = new byte[INITIAL_SIZE];
    private int buffered;
    private long inFile;
    private @Nullable RandomAccessFile file;

    /**
     * Creates an empty buffer.
     *
     * @param directory the directory for the temporary file: best that of the file to which the bytes are finally
     *     written
     */
    public TempBuffer(Path directory) {
        this.directory = directory;
    }

    @Override
    public void write(int b) throws IOException {
        if (buffered == buffer.length) {
            makeSpace(1);
        }
        buffer[buffered++] = (byte) b;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        int done = 0;
        while (done < length) {
            if (buffered == buffer.length) {
                makeSpace(length - done);
            }
            int some = Math.min(length - done, buffer.length - buffered);
            System.arraycopy(bytes, offset + done, buffer, buffered, some);
            buffered += some;
            done += some;
        }
    }

    /** {@return the number of bytes written} */
    public long size() {
        return inFile + buffered;
    }

    /**
     * Copies all bytes to a stream.
     *
     * @param out the stream
     * @throws IOException if the stream cannot be written, or the temporary file cannot be read
     */
    public void writeTo(OutputStream out) throws IOException {
        if (file == null) {
            out.write(buffer, 0, buffered);
            return;
        }
        // All bytes go to the file first, so that the buffer can be used to copy them.
        drain(file);
        file.seek(0);
        for (long left = inFile; left > 0; ) {
            int some = (int) Math.min(left, buffer.length);
            file.readFully(buffer, 0, some);
            out.write(buffer, 0, some);
            left -= some;
        }
    }

    /**
     * {@return a stream of all bytes, which is valid until the next call of any method of this buffer}
     *
     * @throws IOException if the temporary file cannot be read
     */
    public InputStream input() throws IOException {
        if (file == null) {
            return new ByteArrayInputStream(buffer, 0, buffered);
        }
        drain(file);
        file.seek(0);
        return new BufferedInputStream(new FromFile(file), READ_SIZE);
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }

    private void makeSpace(int wanted) throws IOException {
        if (buffer.length < IN_MEMORY) {
            long enough = Math.max(2L * buffer.length, (long) buffered + wanted);
            buffer = Arrays.copyOf(buffer, (int) Math.min(IN_MEMORY, enough));
            return;
        }
        if (file == null) {
            file = deletedFile(directory);
        }
        drain(file);
    }

    private void drain(RandomAccessFile to) throws IOException {
        to.seek(inFile);
        to.write(buffer, 0, buffered);
        inFile += buffered;
        buffered = 0;
    }

    private static RandomAccessFile deletedFile(Path directory) throws IOException {
        // Deleted at once: the open file remains usable, and no crash can leave it behind.
        Path path = Files.createTempFile(directory, ".buffer-", null);
        try {
            return new RandomAccessFile(path.toFile(), "rw");
        } finally {
            Files.delete(path);
        }
    }

    private static final class FromFile extends InputStream {
        private final RandomAccessFile file;

        FromFile(RandomAccessFile file) {
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            return file.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return file.read(bytes, offset, length);
        }
    }
}
