package org.atex.junitxml;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** Copies parts from the journal. Reads ahead, as most parts are read in their order in the file. Not thread-safe. */
final class JournalReader implements AutoCloseable {
    private final RandomAccessFile journal;
    private final byte[] window = new byte[128 << 10];
    private long start;
    private int length;

    JournalReader(Path journal) throws IOException {
        this.journal = new RandomAccessFile(journal.toFile(), "r");
    }

    void copy(Attempt attempt, Attempt.Part part, OutputStream to) throws IOException {
        long from = attempt.start(part);
        long end = from + attempt.length(part);
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
