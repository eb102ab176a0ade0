package org.atex.provision;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.Remote;
import org.jspecify.annotations.Nullable;

/** A system of a {@link MakingProvisioner}: the system that its maker returned, with a unique name. Thread-safe. */
final class MadeSystem implements Remote {
    private final String name;
    private final Remote made;
    private final Map<String, String> labels;
    private final Consumer<MadeSystem> onClosed;
    // Held while the system is closed although that is I/O, since a concurrent close() must not return earlier.
    private final ReentrantLock closing = new ReentrantLock();

    private boolean closed;

    MadeSystem(String name, Remote made, Map<String, String> labels, Consumer<MadeSystem> onClosed) {
        this.name = name;
        this.made = made;
        this.labels = Map.copyOf(labels);
        this.onClosed = onClosed;
    }

    Remote made() {
        return made;
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
        return made.connection();
    }

    @Override
    public int slots() {
        return made.slots();
    }

    @Override
    public @Nullable Instant expires() {
        return made.expires();
    }

    @Override
    public String host() {
        return made.host();
    }

    @Override
    public boolean reset() throws InterruptedException {
        return made.reset();
    }

    @Override
    public void close() {
        closing.lock();
        try {
            if (!closed) {
                closed = true;
                try {
                    made.close();
                } finally {
                    onClosed.accept(this);
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
}
