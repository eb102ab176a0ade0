package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Reads a stream to its end, and keeps only the last of it. */
final class TailReader {
    /** How long the output of a command that has ended may stay open, held by something it left running. */
    private static final Duration LINGER = Duration.ofMillis(200);

    private final InputStream stream;
    private final OutputStream copy;
    private final byte[] ring;
    private long count;
    private final Thread thread;

    private TailReader(InputStream stream, int size, OutputStream copy) {
        this.stream = stream;
        this.copy = copy;
        this.ring = new byte[size];
        this.thread = Thread.ofVirtual().name("atex-script-output").unstarted(this::readAll);
    }

    static TailReader start(InputStream stream, int size) {
        return start(stream, size, OutputStream.nullOutputStream());
    }

    /**
     * Begins.
     *
     * @param stream what is read
     * @param size how much of it is kept
     * @param copy gets all of it, and is closed at its end
     */
    static TailReader start(InputStream stream, int size, OutputStream copy) {
        TailReader reader = new TailReader(stream, size, copy);
        reader.thread.start();
        return reader;
    }

    private void readAll() {
        byte[] buffer = new byte[8192];
        try (copy) {
            for (int n; (n = stream.read(buffer)) >= 0; ) {
                add(buffer, n);
                copy.write(buffer, 0, n);
            }
        } catch (IOException e) {
            add("…".getBytes(StandardCharsets.UTF_8), 3);
        }
    }

    private synchronized void add(byte[] bytes, int n) {
        for (int i = 0; i < n; i++) {
            ring[(int) (count++ % ring.length)] = bytes[i];
        }
    }

    /** {@return what has been read so far} */
    synchronized String text() {
        int kept = (int) Math.min(count, ring.length);
        byte[] tail = new byte[kept];
        for (int i = 0; i < kept; i++) {
            tail[i] = ring[(int) ((count - kept + i) % ring.length)];
        }
        return (count > kept ? "…" : "") + new String(tail, StandardCharsets.UTF_8);
    }

    /** Waits until all is read; call it when the stream was closed. */
    void join() throws InterruptedException {
        boolean unused = thread.join(LINGER);
    }

    /** {@return what there was, once the stream has ended, or does not seem to} */
    String textAtEnd() throws InterruptedException {
        boolean unused = thread.join(LINGER);
        return text();
    }
}
