package org.atex.api;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;

/**
 * A command that was started on a system.
 *
 * {@snippet :
 * Command sort = Command.of("sort").withStdin(Input.pipe());
 * try (RunningCommand running = connection.start(sort)) {
 *     try (OutputStream stdin = running.stdin()) {
 *         stdin.write("b\na\n".getBytes(StandardCharsets.UTF_8));
 *     }
 *     String sorted = new String(running.stdout().readAllBytes(), StandardCharsets.UTF_8);
 *     CommandEnd end = running.await();
 * }
 * }
 *
 * <p>Lifecycle: {@link Connection#start} returns a live command. The caller must call {@link #close()}, even after the
 * command has ended: only then all processes that it started are known to be gone.
 *
 * <p>Thread safety: every method may be called from any thread. Only one thread may use a stream at a time.
 *
 * <p>Interruption: an interrupted read from a stream throws {@link java.io.InterruptedIOException}.
 *
 * <p>Lost connection: reads throw an {@link java.io.IOException} or return the end of the stream, and {@code await}
 * throws a {@link ConnectionLostException}.
 */
public interface RunningCommand extends AutoCloseable {
    /**
     * {@return the stream to standard input; the command reads the end of its input after the stream is closed}
     *
     * @throws IllegalStateException if standard input is not {@link Input#pipe()}
     */
    OutputStream stdin();

    /**
     * {@return the stream of standard output, unbuffered}
     *
     * @throws IllegalStateException if standard output is not {@link Output#pipe()}
     */
    InputStream stdout();

    /**
     * {@return the stream of standard error, unbuffered}
     *
     * @throws IllegalStateException if standard error is not {@link Output#pipe()}
     */
    InputStream stderr();

    /**
     * Waits for the end of the command itself. Processes that it left running do not delay this method, even if they
     * hold its streams open.
     *
     * @return how the command ended; the same on each call
     * @throws ConnectionLostException if the connection was lost before the end of the command was known
     * @throws InterruptedException if the thread is interrupted; the command continues to run
     */
    CommandEnd await() throws InterruptedException;

    /**
     * Waits for the end of the command itself, for a limited time.
     *
     * @param atMost the time to wait
     * @return how the command ended, or empty if it still runs
     * @throws ConnectionLostException if the connection was lost before the end of the command was known
     * @throws InterruptedException if the thread is interrupted; the command continues to run
     */
    Optional<CommandEnd> await(Duration atMost) throws InterruptedException;

    /**
     * Kills the command and every process that it started, including daemons, and then releases the local resources.
     * The processes get no chance to clean up. Threads that wait in {@code await} return. What a command that has ended
     * wrote to a pipe can still be read, as far as it fits into the buffer of a pipe.
     *
     * <p>This method takes a few seconds at most and does not react to an interrupt. Calling it again has no effect.
     */
    @Override
    void close();
}
