package org.atex.scenario;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.support.Threads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that a connection is lost, also while no event uses it: a command that never ends by itself runs on the system,
 * and waiting for it fails with the connection. Thread-safe.
 */
final class ConnectionWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionWatch.class);

    /** Reads its input, which nothing writes. Unlike sleep, it has no time limit on any system. */
    private static final Command WAITING = Command.of("cat")
            .withStdin(Input.pipe())
            .withStdout(Output.discard())
            .withStderr(Output.discard());

    /** A test may kill the command, or the system may lack it. */
    private static final int MAX_STARTS = 10;

    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(10);

    private final Connection connection;
    private final Runnable onReady;
    private final Consumer<RuntimeException> onLoss;
    private final Thread thread;

    /**
     * Starts to watch a connection.
     *
     * @param onReady called once, when the connection is known to work
     * @param onLoss called when it is lost or closed
     */
    ConnectionWatch(String test, Connection connection, Runnable onReady, Consumer<RuntimeException> onLoss) {
        this.connection = connection;
        this.onReady = onReady;
        this.onLoss = onLoss;
        thread = Threads.start("scenario-watch-" + test, this::watch);
    }

    private void watch() {
        try {
            for (int i = 0; i < MAX_STARTS; i++) {
                try (RunningCommand command = connection.start(WAITING)) {
                    if (i == 0) {
                        onReady.run();
                    }
                    CommandEnd end = command.await();
                    LOG.debug("the command that watches the connection ended with {}", end);
                }
            }
            LOG.warn(
                    "cannot watch the connection for loss, because '{}' ended {} times on the system; a loss is noticed"
                            + " when an event uses the connection",
                    WAITING,
                    MAX_STARTS);
        } catch (InterruptedException e) {
            // close() ends the watch.
        } catch (RuntimeException e) {
            // ConnectionLostException, or IllegalStateException if the program has closed the connection.
            onLoss.accept(e);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        var unused = Threads.join(List.of(thread), CLOSE_WITHIN);
    }
}
