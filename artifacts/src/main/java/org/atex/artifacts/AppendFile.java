package org.atex.artifacts;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * A file that grows by whole pieces: one that cannot be written to its end (a full disk) is cut off again, and the file can
 * be used on. A piece that {@link #append} returned for survives the end of this program; after {@link #sync()}, that of
 * the machine too. If the program is killed inside a call, the last piece may be torn.
 *
 * <p>Lifecycle: open when {@link #open} returns it, until {@link #close()}. It does not react to interrupts.
 *
 * <p>Thread safety: for one thread at a time.
 */
public final class AppendFile implements AutoCloseable {
    private final RandomAccessFile file;
    private long end;
    private boolean torn;

    private AppendFile(RandomAccessFile file, long end) {
        this.file = file;
        this.end = end;
    }

    /**
     * {@return the file, to be continued at its end; it is made if need be}
     *
     * @param path the file; nobody else writes to it meanwhile
     * @throws IOException if it cannot be opened for writing
     */
    public static AppendFile open(Path path) throws IOException {
        // Not a FileChannel: an interrupt would close that for everybody.
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        try {
            return new AppendFile(file, file.length());
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** {@return how many bytes it has} */
    public long length() {
        return end;
    }

    /**
     * Forgets what comes after a place in it.
     *
     * @param length how many bytes stay; no more than there are
     * @throws IOException if it cannot be cut
     */
    public void cut(long length) throws IOException {
        if (length < 0 || length > end) {
            throw new IllegalArgumentException("cannot cut a file of " + end + " bytes to " + length);
        }
        file.setLength(length);
        end = length;
    }

    /**
     * Adds one piece.
     *
     * @param parts what it consists of
     * @return where it begins
     * @throws IOException if it cannot be written; the file is as before, or will be before anything else is written
     */
    public long append(Spool... parts) throws IOException {
        mend();
        long start = end;
        long size = 0;
        file.seek(start);
        torn = true;
        try (OutputStream out = new BufferedOutputStream(new Unclosed(file))) {
            for (Spool part : parts) {
                part.writeTo(out);
                size += part.size();
            }
        } catch (IOException e) {
            cutBack(e);
            throw e;
        }
        torn = false;
        end = start + size;
        return start;
    }

    /**
     * Cuts off what is left of a piece that could not be written to its end, if that could not be done at once.
     *
     * @throws IOException if it cannot be cut off now either
     */
    public void mend() throws IOException {
        if (torn) {
            file.setLength(end);
            torn = false;
        }
    }

    /**
     * Waits until everything has reached the disk.
     *
     * @throws IOException if that fails
     */
    public void sync() throws IOException {
        file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private void cutBack(IOException failure) {
        try {
            file.setLength(end);
            torn = false;
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static final class Unclosed extends OutputStream {
        private final RandomAccessFile file;

        Unclosed(RandomAccessFile file) {
            this.file = file;
        }

        @Override
        public void write(int b) throws IOException {
            file.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            file.write(bytes, offset, length);
        }
    }
}
