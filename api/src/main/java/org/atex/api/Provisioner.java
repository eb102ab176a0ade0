package org.atex.api;

import java.time.Duration;
import java.util.Map;

/**
 * Hands out systems.
 *
 * <p>Lifecycle: ready when its factory returns it; {@link #close()} gives everything back, also systems that were taken
 * and not yet closed. After it, {@link #take} and {@link #provision} throw {@link IllegalStateException}.
 *
 * <p>Thread safety: every method may be called from any thread. A {@code take} that waits while another thread closes
 * ends with {@link IllegalStateException}; a system that becomes ready while closing is given back, not handed out.
 */
public interface Provisioner extends AutoCloseable {
    /**
     * Asks for that many systems more. Returns at once; they are made ready in parallel and beside the caller. Whoever
     * asks gets an {@link Offer} for each, sooner or later.
     *
     * @param count how many, at least 1
     */
    void provision(int count);

    /**
     * Takes what there is, waiting for it if need be. Nothing is made ready in the caller's thread.
     *
     * @param atMost how long to wait; zero asks only
     * @return a system, or why there is none
     * @throws InterruptedException if interrupted; nothing was taken
     */
    Offer take(Duration atMost) throws InterruptedException;

    /** Forgets what was asked for and not yet handed out; what is under way is cancelled or given back. */
    void clear();

    /** {@return labels that every system of it will have, known before there is one} */
    default Map<String, String> labels() {
        return Map.of();
    }

    /** Wakes whoever takes, cancels what is under way, gives everything back. Idempotent; bounded in time. */
    @Override
    void close();
}
