package org.atex.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Reads a stream to its end in a separate thread and keeps its last bytes in a ring buffer. Thread-safe. */
public final class TailReader {
    /** The maximum wait for the end of the stream after the command ended: a background process may keep it open. */
    private static final Duration END_TIMEOUT = Duration.ofMillis(200);

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

    /**
     * Starts reading.
     *
     * @param stream the stream
     * @param size the number of bytes to keep
     * @return the reader
     */
    public static TailReader start(InputStream stream, int size) {
        return start(stream, size, OutputStream.nullOutputStream());
    }

    /**
     * Starts reading.
     *
     * @param stream the stream
     * @param size the number of bytes to keep
     * @param copy receives all bytes, and is closed at the end of the stream
     * @return the reader
     */
    public static TailReader start(InputStream stream, int size, OutputStream copy) {
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
            // The stream broke: an ellipsis marks the output as incomplete.
            add("…".getBytes(StandardCharsets.UTF_8), 3);
        }
    }

    private synchronized void add(byte[] bytes, int n) {
        for (int i = 0; i < n; i++) {
            ring[(int) (count++ % ring.length)] = bytes[i];
        }
    }

    /** {@return the last bytes read so far, decoded as UTF-8; starts with an ellipsis if bytes were dropped} */
    public synchronized String text() {
        int kept = (int) Math.min(count, ring.length);
        byte[] tail = new byte[kept];
        for (int i = 0; i < kept; i++) {
            tail[i] = ring[(int) ((count - kept + i) % ring.length)];
        }
        return (count > kept ? "…" : "") + new String(tail, StandardCharsets.UTF_8);
    }

    /**
     * Waits until the stream has been read to its end, at most 200 ms. Call it after the stream was closed.
     *
     * @throws InterruptedException if interrupted
     */
    public void join() throws InterruptedException {
        boolean unused = thread.join(END_TIMEOUT);
    }

    /**
     * {@return the last bytes of the stream, after a wait like that of {@link #join}}
     *
     * @throws InterruptedException if interrupted
     */
    public String textAtEnd() throws InterruptedException {
        boolean unused = thread.join(END_TIMEOUT);
        return text();
    }
}
