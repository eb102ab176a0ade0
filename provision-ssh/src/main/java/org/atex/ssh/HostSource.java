package org.atex.ssh;

import java.time.Duration;
import java.util.Map;

/**
 * Where an {@link SshProvisioner} gets hosts from: a list, a file, a reservation service. It gives them one by one, as they
 * are asked for, and takes them back.
 *
 * <p>Lifecycle: usable when its factory returns it; {@link #close()} ends it, and whatever was reserved for it. After that
 * {@code take} throws {@link IllegalStateException}; giving back is then harmless. A provisioner closes its source.
 *
 * <p>Thread safety: every method may be called from any thread.
 *
 * <p>Anyone may implement it.
 */
public interface HostSource extends AutoCloseable {
    /** What a source has for whoever asks. */
    sealed interface Next {
        /**
         * A host, the taker's until it is given back. Whether it can be reached is for the taker to find out.
         *
         * @param host the host
         */
        record Found(Host host) implements Next {}

        /** Nothing within the time given; there may be something later. */
        record None() implements Next {}

        /**
         * Nothing will come any more, unless a host is given back.
         *
         * @param why how many there were, or what went wrong
         */
        record Ended(String why) implements Next {}
    }

    /**
     * Takes a host, waiting for it if need be.
     *
     * @param atMost how long to wait; zero asks only
     * @return a host, or why there is none
     * @throws InterruptedException if interrupted; nothing was taken
     */
    Next take(Duration atMost) throws InterruptedException;

    /**
     * Gives a host back.
     *
     * @param host what was taken from here
     * @param healthy whether it is of use: then it may be given out again
     */
    void giveBack(Host host, boolean healthy);

    /** {@return labels that every one of its hosts has, known before there is one} */
    default Map<String, String> labels() {
        return Map.of();
    }

    /** Wakes whoever takes, and ends what was reserved. Idempotent; bounded in time; throws nothing. */
    @Override
    void close();
}
