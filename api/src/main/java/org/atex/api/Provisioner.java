package org.atex.api;

import java.time.Duration;
import java.util.Map;

/**
 * A source of systems: machines, containers, or this machine.
 *
 * {@snippet :
 * provisioner.provision(1);
 * if (provisioner.take(Duration.ofMinutes(10)) instanceof Offer.Ready ready) {
 *     try (Remote remote = ready.remote()) {
 *         remote.connection().run(Command.of("dnf", "install", "-y", "tar")).orThrow();
 *     }
 * }
 * }
 *
 * <p>Lifecycle: a provisioner is open when its factory method returns it. {@link #close()} gives all systems back,
 * including those that were taken and not closed. Afterwards {@link #take} and {@link #provision} throw {@link
 * IllegalStateException}.
 *
 * <p>Thread safety: every method may be called from any thread. If another thread closes the provisioner, a waiting
 * {@code take} throws {@link IllegalStateException}. A system that becomes ready during {@code close} is given back and
 * not returned by {@code take}.
 *
 * <p>Any program may implement this interface. {@code ProvisionerContract} in the testkit checks an implementation.
 */
public interface Provisioner extends AutoCloseable {
    /**
     * Requests more systems. Returns immediately; the systems are made ready in parallel, in other threads. For each
     * requested system, {@link #take} returns one {@link Offer.Ready} or {@link Offer.Failed}.
     *
     * @param count the number of systems, at least 1
     * @throws IllegalArgumentException if the count is less than 1
     * @throws IllegalStateException if this provisioner is closed
     */
    void provision(int count);

    /**
     * Returns the next system that is ready, and waits for it if necessary. A call without a preceding {@link
     * #provision} waits for the next system that any thread requests. The calling thread does no work to make a system
     * ready.
     *
     * @param atMost the time to wait; zero returns immediately
     * @return a system, or the reason why none is available
     * @throws InterruptedException if the thread is interrupted; no system was taken
     * @throws IllegalStateException if this provisioner is closed, also while the call waits
     */
    Offer take(Duration atMost) throws InterruptedException;

    /**
     * Withdraws all requests for systems that have not been taken. Systems in preparation are cancelled or given back.
     * Taken systems are not affected, and further systems may be requested.
     */
    void clear();

    /** {@return the labels that all systems of this provisioner have, known before any of them is ready} */
    default Map<String, String> labels() {
        return Map.of();
    }

    /**
     * {@return the number of systems that exist at the same time at most; {@link Integer#MAX_VALUE} if that is not limited or
     * not known} Forecasts use it. Never blocks.
     */
    default int maxSystems() {
        return Integer.MAX_VALUE;
    }

    /**
     * Wakes all threads that wait in {@link #take}, cancels preparations, and gives all systems back. Calling this
     * method again has no effect. It returns within a bounded time.
     */
    @Override
    void close();
}
