package org.atex.api;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A system from a {@link Provisioner}, such as a virtual machine or a container.
 *
 * <p>Lifecycle: a system is usable when {@link Provisioner#take} returns it. {@link #close()} gives it back and closes
 * its connection, so {@code try (Remote remote = …)} does not leak a machine.
 *
 * <p>Thread safety: every method may be called from any thread.
 */
public interface Remote extends AutoCloseable {
    /** {@return the name of this system, unique among the systems of its provisioner} */
    String name();

    /**
     * {@return the properties of this system, such as address, architecture or distribution, which {@linkplain
     * TestCase#needs() the needs} of tests refer to}
     */
    default Map<String, String> labels() {
        return Map.of();
    }

    /** {@return the connection to this system, the same one on each call} */
    Connection connection();

    /** {@return the number of tests that this system may run at the same time, at least 1} */
    default int slots() {
        return 1;
    }

    /** {@return the end of the reservation, or null if it has no end} */
    default @Nullable Instant expires() {
        return null;
    }

    /**
     * {@return the name of the machine that provides this system. Systems of one provisioner have the same host if they
     * share hardware, or if they follow each other on one machine. Orchestrators count failures by host}
     */
    default String host() {
        return name();
    }

    /**
     * {@return the host name or IP address by which the other systems of a {@link MultihostTest} reach this system; by
     * default its name} Orchestrators ask for it only if a test needs it.
     */
    default String address() {
        return name();
    }

    /**
     * Resets this system to a fresh state, if that is cheaper than a new system.
     *
     * @return whether the system was reset; if not, the caller must replace it
     * @throws InterruptedException if the thread is interrupted; the state of the system is unknown then
     */
    default boolean reset() throws InterruptedException {
        return false;
    }

    /**
     * Returns a system that consists of a connection alone, for programs without a provisioner. Its name and its host
     * are the text of the connection; it has no labels and one slot. Closing it closes the connection.
     *
     * @param connection the connection
     * @return the system
     */
    static Remote of(Connection connection) {
        return PlainRemote.builder(connection.toString(), connection).build();
    }

    /**
     * Gives this system back and closes its connection. Calling this method again has no effect. It returns within a
     * bounded time.
     */
    @Override
    void close();
}
