package org.atex.testkit;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.atex.api.Remote;
import org.jspecify.annotations.Nullable;

/** A system of a {@link FakeProvisioner}. Lifecycle and thread safety are those of {@link Remote}. */
public final class FakeRemote implements Remote {
    private final String name;
    private final FakeSystem system;
    private final FakeConnection connection;
    private final Consumer<FakeRemote> whenClosed;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicInteger resets = new AtomicInteger();

    FakeRemote(String name, FakeSystem system, Consumer<FakeRemote> whenClosed) {
        this.name = name;
        this.system = system;
        this.connection = system.connection().get();
        this.whenClosed = whenClosed;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, String> labels() {
        return system.labels();
    }

    @Override
    public FakeConnection connection() {
        return connection;
    }

    @Override
    public int slots() {
        return system.slots();
    }

    @Override
    public @Nullable Instant expires() {
        return system.expires();
    }

    @Override
    public boolean reset() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before " + name + " was reset");
        }
        if (system.resettable()) {
            resets.incrementAndGet();
        }
        return system.resettable();
    }

    /** {@return the number of resets} */
    public int resets() {
        return resets.get();
    }

    /** {@return whether this system was given back} */
    public boolean isClosed() {
        return closed.get();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                connection.close();
            } finally {
                whenClosed.accept(this);
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
