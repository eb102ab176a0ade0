package org.atex.provision;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Output;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.jspecify.annotations.Nullable;

/** A system of a {@link MakingProvisioner}: the system that its maker returned, with a unique name. Thread-safe. */
final class MadeSystem implements Remote {
    private final String name;
    private final Remote made;
    private final Map<String, String> labels;
    private final boolean checked;
    private final Consumer<MadeSystem> onClosed;
    // Held while the system is closed although that is I/O, since a concurrent close() must not return earlier.
    private final ReentrantLock closing = new ReentrantLock();

    private boolean closed;

    /**
     * Creates the system.
     *
     * @param checked whether its resets are checked
     */
    MadeSystem(String name, Remote made, Map<String, String> labels, boolean checked, Consumer<MadeSystem> onClosed) {
        this.name = name;
        this.made = made;
        this.labels = Map.copyOf(labels);
        this.checked = checked;
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
    public String address() {
        return made.address();
    }

    /**
     * {@inheritDoc} If resets are checked, it must have lost a file that was written before; a snapshot that leaves out
     * a disk, for example, goes unnoticed otherwise.
     */
    @Override
    public boolean reset() throws InterruptedException {
        String marker = checked ? writeMarker() : null;
        boolean reset = made.reset();
        if (reset && marker != null && runs(Command.of("test", "-e", marker))) {
            throw new ProvisioningException(
                    "the reset of " + name + " did not restore its files: " + marker
                            + ", written before, is still there",
                    null);
        }
        return reset;
    }

    private @Nullable String writeMarker() throws InterruptedException {
        String marker = "/var/tmp/atex-before-reset." + UUID.randomUUID();
        try {
            return runs(Command.of("touch", marker)) ? marker : null;
        } catch (ConnectionLostException e) {
            return null; // the reset may restore the connection
        }
    }

    private boolean runs(Command command) throws InterruptedException {
        return made.connection().run(command.withStderr(Output.discard())).succeeded();
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
