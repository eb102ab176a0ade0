package org.atex.api;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;

/**
 * A command that was started on a system.
 *
 * <p>Lifecycle: live from {@link Connection#start} on. {@link #close()} must be called, also after the command ended by
 * itself: only then is it certain that nothing of it is left.
 *
 * <p>Thread safety: every method may be called from any thread; each stream is for one thread at a time. A read from a
 * stream that is interrupted ends with {@link java.io.InterruptedIOException}. When the connection is lost, reads end
 * with an {@link java.io.IOException} or the end of the stream, and {@code await} says so.
 */
public interface RunningCommand extends AutoCloseable {
    /**
     * {@return the stream to its standard input; closing it is how the command sees the end}
     *
     * @throws IllegalStateException if its input is not {@link Input#pipe()}
     */
    OutputStream stdin();

    /**
     * {@return the stream of its output; it is not buffered}
     *
     * @throws IllegalStateException if its output is not {@link Output#pipe()}
     */
    InputStream stdout();

    /**
     * {@return the stream of its errors; it is not buffered}
     *
     * @throws IllegalStateException if its errors are not {@link Output#pipe()}
     */
    InputStream stderr();

    /**
     * Waits until the command itself has ended. Processes that it left behind, even if they hold its streams open, do
     * not delay this.
     *
     * @return how it ended
     * @throws ConnectionLostException if that cannot be known any more
     * @throws InterruptedException if interrupted; the command goes on running
     */
    CommandEnd await() throws InterruptedException;

    /**
     * Waits until the command itself has ended, but not for ever.
     *
     * @param atMost how long
     * @return how it ended, or empty if it is still running
     * @throws ConnectionLostException if that cannot be known any more
     * @throws InterruptedException if interrupted; the command goes on running
     */
    Optional<CommandEnd> await(Duration atMost) throws InterruptedException;

    /**
     * Ends the command and every process that it started, daemons included, at once and without asking them; then frees
     * what it held here. Idempotent; takes a few seconds at the most, and cannot be interrupted. An {@code await} that
     * another thread is in returns.
     */
    @Override
    void close();
}
