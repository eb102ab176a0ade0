package org.atex.scenario;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Writes the output of a command to a local file: the first 512 KiB as they arrive, and the last 512 KiB of a longer
 * output when it is closed. The file is created with the first byte.
 *
 * <p>For one thread at a time.
 */
final class BoundedOutput implements AutoCloseable {
    static final int HALF = 512 * 1024;

    private final Path file;
    private @Nullable OutputStream out;
    private long read;
    /** The latest bytes after the first half; byte <i>n</i> after it is at the index <i>n</i> modulo the length. */
    private byte[] ring = new byte[0];

    BoundedOutput(Path file) {
        this.file = file;
    }

    /**
     * Copies a stream to its end.
     *
     * @throws IOException if the file cannot be written; a failure of the stream counts as its end
     */
    void copy(InputStream stream) throws IOException {
        byte[] buffer = new byte[16 * 1024];
        for (int n; (n = read(stream, buffer)) >= 0; ) {
            add(buffer, n);
        }
    }

    private static int read(InputStream stream, byte[] buffer) {
        try {
            return stream.read(buffer);
        } catch (IOException e) {
            // The command was closed, or the connection was lost, which RunningCommand.await() reports.
            return -1;
        }
    }

    private void add(byte[] bytes, int length) throws IOException {
        int direct = (int) Math.min(length, Math.max(0, HALF - read));
        if (direct > 0) {
            out().write(bytes, 0, direct);
        }
        if (direct < length && ring.length == 0) {
            ring = new byte[HALF];
        }
        for (int i = direct; i < length; ) {
            int at = (int) ((read + i - HALF) % HALF);
            int piece = Math.min(length - i, HALF - at);
            System.arraycopy(bytes, i, ring, at, piece);
            i += piece;
        }
        read += length;
    }

    private OutputStream out() throws IOException {
        OutputStream opened = out;
        if (opened == null) {
            Files.createDirectories(file.getParent());
            // Not a FileChannel, which an interrupt closes in the middle of a write.
            opened = new FileOutputStream(file.toFile());
            out = opened;
        }
        return opened;
    }

    /** Writes the end of a long output, and closes the file. */
    @Override
    public void close() throws IOException {
        OutputStream opened = out;
        if (opened == null) {
            return;
        }
        try (opened) {
            long later = read - HALF;
            if (later > HALF) {
                int start = (int) (later % HALF);
                opened.write(("\n[" + Plural.of(later - HALF, "byte", "is", "are") + " left out here]\n")
                        .getBytes(StandardCharsets.UTF_8));
                opened.write(ring, start, HALF - start);
                opened.write(ring, 0, start);
            } else if (later > 0) {
                opened.write(ring, 0, (int) later);
            }
        }
    }
}
