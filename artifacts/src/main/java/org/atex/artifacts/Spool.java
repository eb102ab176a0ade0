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
 * Bytes that are gathered before it is known whether they are to be kept. Up to {@value #IN_MEMORY} of them stay in memory;
 * more go to a file without a name, which is gone when this is closed or the program ends in whatever way.
 *
 * <p>It is the buffer of whoever aggregates: everything that a test left is read and rendered first, and appended to an
 * {@link AppendFile} when nothing can be wrong with it any more.
 *
 * <p>Lifecycle: writing, then {@link #writeTo} any number of times, then {@link #close()}. It does not react to interrupts.
 *
 * <p>Thread safety: for one thread at a time.
 */
public final class Spool extends OutputStream {
    /** What stays in memory: 256 KiB. */
    public static final int IN_MEMORY = 256 << 10;

    private static final int AT_FIRST = 1024;
    private static final int AT_ONCE = 64 << 10;

    private final Path directory;
    private byte[] buffer = new byte[AT_FIRST];
    private int buffered;
    private long inFile;
    private @Nullable RandomAccessFile file;

    /**
     * Makes an empty one.
     *
     * @param directory where there is room for many bytes: that of the file they will go to
     */
    public Spool(Path directory) {
        this.directory = directory;
    }

    @Override
    public void write(int b) throws IOException {
        if (buffered == buffer.length) {
            makeRoom(1);
        }
        buffer[buffered++] = (byte) b;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        int done = 0;
        while (done < length) {
            if (buffered == buffer.length) {
                makeRoom(length - done);
            }
            int some = Math.min(length - done, buffer.length - buffered);
            System.arraycopy(bytes, offset + done, buffer, buffered, some);
            buffered += some;
            done += some;
        }
    }

    /** {@return how many bytes were written} */
    public long size() {
        return inFile + buffered;
    }

    /**
     * Copies all of it.
     *
     * @param out where to
     * @throws IOException if that, or reading back, fails
     */
    public void writeTo(OutputStream out) throws IOException {
        if (file == null) {
            out.write(buffer, 0, buffered);
            return;
        }
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
     * {@return all of it, to be read before anything else is done with this}
     *
     * @throws IOException if it cannot be read back
     */
    public InputStream input() throws IOException {
        if (file == null) {
            return new ByteArrayInputStream(buffer, 0, buffered);
        }
        drain(file);
        file.seek(0);
        return new BufferedInputStream(new FromFile(file), AT_ONCE);
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }

    private void makeRoom(int wanted) throws IOException {
        if (buffer.length < IN_MEMORY) {
            long enough = Math.max(2L * buffer.length, (long) buffered + wanted);
            buffer = Arrays.copyOf(buffer, (int) Math.min(IN_MEMORY, enough));
            return;
        }
        if (file == null) {
            file = nameless(directory);
        }
        drain(file);
    }

    private void drain(RandomAccessFile to) throws IOException {
        to.seek(inFile);
        to.write(buffer, 0, buffered);
        inFile += buffered;
        buffered = 0;
    }

    private static RandomAccessFile nameless(Path directory) throws IOException {
        Path path = Files.createTempFile(directory, ".spool-", null);
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
