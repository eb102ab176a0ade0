package org.atex.artifacts;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * Copies parts of attempts from the journal of a {@link JournaledReport}. Reads ahead, as most parts are read in their
 * order in the file.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class ReportJournalReader implements AutoCloseable {
    private final RandomAccessFile journal;
    private final byte[] window = new byte[128 << 10];
    private long start;
    private int length;

    ReportJournalReader(Path journal) throws IOException {
        this.journal = new RandomAccessFile(journal.toFile(), "r");
    }

    /**
     * Copies bytes.
     *
     * @param position the position of the first one in the journal
     * @param size the number of bytes
     * @param to receives them
     * @throws IOException if the journal cannot be read, or the stream cannot be written
     */
    public void copy(long position, long size, OutputStream to) throws IOException {
        long from = position;
        long end = from + size;
        while (from < end) {
            if (from < start || from >= start + length) {
                fill(from);
            }
            int offset = (int) (from - start);
            int some = (int) Math.min(end - from, length - offset);
            to.write(window, offset, some);
            from += some;
        }
    }

    private void fill(long from) throws IOException {
        journal.seek(from);
        start = from;
        length = Math.max(0, journal.read(window));
        if (length == 0) {
            throw new IOException("the journal ends before byte " + from);
        }
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
