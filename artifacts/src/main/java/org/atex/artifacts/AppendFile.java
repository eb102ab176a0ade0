package org.atex.artifacts;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * A file to which records are appended as a whole. A record that cannot be written completely, for example because the
 * disk is full, is cut off again, and the file can be used further. When {@link #append} returns, the record survives a
 * crash of this program; after {@link #sync()} it also survives a crash of the machine. If the program is killed during
 * a call, the last record may be incomplete.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}. Does not react to interrupts.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class AppendFile implements AutoCloseable {
    private final RandomAccessFile file;
    private long end;
    /** Where the next byte is written; -1 if unknown. Not asked of the file, as that is a system call. */
    private long position = -1;

    private boolean incomplete;

    private AppendFile(RandomAccessFile file, long end) {
        this.file = file;
        this.end = end;
    }

    /**
     * {@return the file, opened for appending; it is created if necessary}
     *
     * @param path the file; there must be no other writer
     * @throws IOException if it cannot be opened for writing
     */
    public static AppendFile open(Path path) throws IOException {
        // Not a FileChannel: an interrupt of one thread closes the channel for all threads.
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        try {
            return new AppendFile(file, file.length());
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** {@return the length of the file in bytes, without an incomplete record} */
    public long length() {
        return end;
    }

    /**
     * Truncates the file.
     *
     * @param length the new length in bytes, at most {@link #length()}
     * @throws IllegalArgumentException if the length is negative or too large
     * @throws IOException if the file cannot be truncated
     */
    public void truncate(long length) throws IOException {
        if (length < 0 || length > end) {
            throw new IllegalArgumentException("could not truncate a file of " + end + " bytes to " + length);
        }
        file.setLength(length);
        end = length;
    }

    /**
     * Appends one record.
     *
     * @param parts the parts of the record, in their order
     * @return the position of the record in the file
     * @throws IOException if the record cannot be written completely; it is cut off again, at the latest by the next
     *     call
     */
    public long append(TempBuffer... parts) throws IOException {
        return append(start -> {
            long next = start;
            try (OutputStream out = new BufferedOutputStream(new NonClosingStream(file))) {
                for (TempBuffer part : parts) {
                    part.writeTo(out);
                    next += part.size();
                }
            }
            return next;
        });
    }

    /**
     * Appends one record.
     *
     * @param record the record
     * @return the position of the record in the file
     * @throws IOException if the record cannot be written completely; it is cut off again, at the latest by the next
     *     call
     */
    public long append(byte[] record) throws IOException {
        return append(start -> {
            file.write(record);
            return start + record.length;
        });
    }

    @FunctionalInterface
    private interface Writing {
        /** Writes a record. {@return the position after it} */
        long writeAt(long start) throws IOException;
    }

    private long append(Writing writing) throws IOException {
        repair();
        long start = end;
        if (position != start) {
            file.seek(start);
        }
        position = -1;
        // Set before the first byte is written: an exception of any kind leaves the mark for the next call.
        incomplete = true;
        try {
            end = writing.writeAt(start);
        } catch (IOException e) {
            cutIncomplete(e);
            throw e;
        }
        incomplete = false;
        position = end;
        return start;
    }

    /**
     * Cuts off an incomplete record that {@link #append} could not cut off itself. Has no effect otherwise.
     *
     * @throws IOException if the file cannot be truncated
     */
    public void repair() throws IOException {
        if (incomplete) {
            file.setLength(end);
            incomplete = false;
        }
    }

    /**
     * Syncs the file to the disk. Blocks until the data are written.
     *
     * @throws IOException if the sync fails
     */
    public void sync() throws IOException {
        file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private void cutIncomplete(IOException failure) {
        try {
            file.setLength(end);
            incomplete = false;
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static final class NonClosingStream extends OutputStream {
        private final RandomAccessFile file;

        NonClosingStream(RandomAccessFile file) {
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
