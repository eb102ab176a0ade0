package org.atex.ssh;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A way to an ssh server that is no TCP connection, such as the input and output of a program that runs {@code sshd -i},
 * or a serial line.
 *
 * <p>Thread safety: it is called in several threads, if its options are used for several connections.
 */
@FunctionalInterface
public interface Carrier {
    /**
     * Opens the way for one attempt to connect. Each {@code reconnect} calls it again, after it has closed the streams of
     * the lost connection. The thread is interrupted when the attempt takes too long.
     *
     * @return the streams, which the caller closes
     * @throws IOException if the server cannot be reached now; the attempt is repeated until the time limit
     * @throws InterruptedException if interrupted; nothing is left open
     */
    Streams open() throws IOException, InterruptedException;

    /**
     * The streams of one connection. One thread reads while another one writes.
     *
     * <p>Thread safety: {@link #close} may be called from any thread.
     */
    interface Streams extends Closeable {
        /** {@return the bytes from the server} */
        InputStream input();

        /** {@return the bytes to the server} It is flushed after each message. */
        OutputStream output();

        /** {@return why the streams have ended, as a part of a message, or an empty text if that is not known} */
        default String failure() {
            return "";
        }

        /** Ends the connection. Threads that read or write fail or find the end. */
        @Override
        void close();
    }
}
