package org.atex.ssh;

import java.time.Duration;
import java.util.Map;

/**
 * A source of hosts for an {@link SshProvisioner}: a list, a file or a reservation service. Hosts are taken one by one
 * and given back after use. See {@link Hosts} and {@link ReservationService} for implementations.
 *
 * <p>Lifecycle: a source is usable when its factory returns it. {@link #close()} ends it and all its reservations.
 * After that {@link #take} throws {@link IllegalStateException}, and {@link #giveBack} has no effect. A provisioner
 * closes its source.
 *
 * <p>Thread safety: every method may be called from any thread.
 *
 * <p>Users may implement this interface.
 */
public interface HostSource extends AutoCloseable {
    /** The result of {@link #take}. */
    sealed interface Next {
        /**
         * A host, reserved for the caller until it is given back. It is not known whether the host can be reached.
         *
         * @param host the host
         */
        record Found(Host host) implements Next {}

        /** No host became available in time. A later call may return one. */
        record None() implements Next {}

        /**
         * The source has no more hosts. A host that is given back can still become available again.
         *
         * @param why the reason, for messages: the number of hosts there were, or the failure
         */
        record Ended(String why) implements Next {}
    }

    /**
     * Takes a host. Waits until one is available, the source has ended, or the time is over.
     *
     * @param atMost the time to wait; zero for no waiting
     * @return a host, or the reason why no host is available
     * @throws InterruptedException if interrupted; no host was taken
     * @throws IllegalStateException if the source is closed, also while waiting
     */
    Next take(Duration atMost) throws InterruptedException;

    /**
     * Gives a host back. Has no effect after {@link #close()}.
     *
     * @param host a host that was taken from this source
     * @param healthy whether the host can be used again; if false, it is not handed out any more
     */
    void giveBack(Host host, boolean healthy);

    /**
     * {@return the labels that all hosts of the source have in common, as far as they are known before the first host}
     */
    default Map<String, String> labels() {
        return Map.of();
    }

    /**
     * Wakes the threads that wait in {@link #take}, and ends all reservations. Idempotent; returns in bounded time;
     * throws no exception.
     */
    @Override
    void close();
}
