package org.atex.api;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A system that consists of a connection and properties, for provisioners that need no class of their own.
 *
 * {@snippet :
 * Remote machine = PlainRemote.builder("machine-1", connection)
 *         .label("arch", "aarch64")
 *         .onClose(() -> powerOff("machine-1"))
 *         .build();
 * }
 *
 * <p>Lifecycle and thread safety are those of {@link Remote}. {@link #close} closes the connection and then runs the
 * action of {@link Builder#onClose}, once; a second caller waits until the first has finished.
 */
public final class PlainRemote implements Remote {
    private final String name;
    private final String host;
    private final String address;
    private final Connection connection;
    private final Map<String, String> labels;
    private final int slots;
    private final @Nullable Instant expires;
    private final Reset reset;
    private final Runnable onClose;
    // Held while the system is closed although that is I/O, since a concurrent close() must not return earlier.
    private final ReentrantLock closing = new ReentrantLock();

    private boolean closed;

    private PlainRemote(Builder builder) {
        name = builder.name;
        host = builder.host;
        address = builder.address;
        connection = builder.connection;
        labels = Map.copyOf(builder.labels);
        slots = builder.slots;
        expires = builder.expires;
        reset = builder.reset;
        onClose = builder.onClose;
    }

    /**
     * {@return a builder of a system}
     *
     * @param name the name, unique among the systems of its provisioner
     * @param connection the connection, which the system closes
     */
    public static Builder builder(String name, Connection connection) {
        return new Builder(name, connection);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, String> labels() {
        return labels;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public int slots() {
        return slots;
    }

    @Override
    public @Nullable Instant expires() {
        return expires;
    }

    @Override
    public String host() {
        return host;
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public boolean reset() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before " + name + " was reset");
        }
        return reset.run();
    }

    @Override
    public void close() {
        closing.lock();
        try {
            if (!closed) {
                closed = true;
                try {
                    connection.close();
                } finally {
                    onClose.run();
                }
            }
        } finally {
            closing.unlock();
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** Resets a system to a fresh state. */
    @FunctionalInterface
    public interface Reset {
        /**
         * Resets the system; see {@link Remote#reset}.
         *
         * @return whether it was reset
         * @throws InterruptedException if the thread is interrupted
         */
        boolean run() throws InterruptedException;
    }

    /** Builds a system. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final Connection connection;
        private final Map<String, String> labels = new HashMap<>();
        private String host;
        private String address;
        private int slots = 1;
        private @Nullable Instant expires;
        private Reset reset = () -> false;
        private Runnable onClose = () -> {};

        private Builder(String name, Connection connection) {
            this.name = name;
            this.connection = connection;
            host = name;
            address = name;
        }

        /**
         * Adds a label.
         *
         * @param label the label
         * @param value its value
         * @return this builder
         */
        public Builder label(String label, String value) {
            labels.put(label, value);
            return this;
        }

        /**
         * Adds labels.
         *
         * @param more the labels
         * @return this builder
         */
        public Builder labels(Map<String, String> more) {
            labels.putAll(more);
            return this;
        }

        /**
         * Sets the name of the machine that provides the system; by default the name of the system.
         *
         * @param machine the name
         * @return this builder
         */
        public Builder host(String machine) {
            host = machine;
            return this;
        }

        /**
         * Sets the host name or IP address by which other systems reach the system; by default the name of the system.
         *
         * @param hostname the host name or address
         * @return this builder
         */
        public Builder address(String hostname) {
            address = hostname;
            return this;
        }

        /**
         * Sets the number of tests that the system may run at the same time; 1 by default.
         *
         * @param count the number, at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1
         */
        public Builder slots(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("slots must be at least 1, not " + count);
            }
            slots = count;
            return this;
        }

        /**
         * Sets the end of the reservation; none by default.
         *
         * @param end the end
         * @return this builder
         */
        public Builder expires(Instant end) {
            expires = end;
            return this;
        }

        /**
         * Sets the action that resets the system to the state before its first use, and the label {@link
         * Capability#RESET}. By default it cannot be reset.
         *
         * @param action the action
         * @return this builder
         */
        public Builder reset(Reset action) {
            reset = action;
            labels.put(Capability.RESET, "fresh");
            return this;
        }

        /**
         * Sets the action that gives the system back after its connection is closed. By default there is none.
         *
         * @param action the action
         * @return this builder
         */
        public Builder onClose(Runnable action) {
            onClose = action;
            return this;
        }

        /** {@return a system} */
        public PlainRemote build() {
            return new PlainRemote(this);
        }
    }
}
