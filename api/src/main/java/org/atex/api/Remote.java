package org.atex.api;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A system that somebody provisioned, until it is given back.
 *
 * <p>Lifecycle: usable when {@link Provisioner#take} returns it; {@link #close()} gives it back and closes its
 * connection, so that {@code try (var remote = …)} cannot leak a machine.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public interface Remote extends AutoCloseable {
    /** {@return what people call it; unique among the systems of its provisioner} */
    String name();

    /** {@return what is known of it, such as address, arch or distro: what tests may ask for} */
    default Map<String, String> labels() {
        return Map.of();
    }

    /** {@return the channel to it, always the same one} */
    Connection connection();

    /** {@return how many tests it may run at once, at least 1} */
    default int slots() {
        return 1;
    }

    /** {@return when its reservation ends, or null if it does not} */
    default @Nullable Instant expires() {
        return null;
    }

    /**
     * {@return the machine behind it: the same name for systems of one provisioner that share hardware or follow each other
     * on one host. Failures are counted by it}
     */
    default String host() {
        return name();
    }

    /**
     * Puts it back to a fresh state, where that is cheaper than taking a new one.
     *
     * @return false if it cannot be done: then it must be replaced
     * @throws InterruptedException if interrupted; its state is then unknown
     */
    default boolean reset() throws InterruptedException {
        return false;
    }

    /**
     * Returns a system that consists of a connection alone, for programs without a provisioner. Its name and its host are the
     * text of the connection; it has no labels and one slot; closing it closes the connection.
     *
     * @param connection the connection
     * @return the system
     */
    static Remote of(Connection connection) {
        return new ConnectedSystem(connection);
    }

    /** Gives it back. Idempotent; bounded in time. */
    @Override
    void close();
}
