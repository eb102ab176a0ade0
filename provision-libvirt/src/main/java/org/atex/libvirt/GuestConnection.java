package org.atex.libvirt;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.RunningCommand;
import org.atex.support.ExplainedCommand;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;

/**
 * The connection to a virtual machine: one of a {@link GuestConnector}, replaced at a reset, and with the reason if the
 * virtual machine is lost. Thread-safe.
 */
final class GuestConnection implements Connection {
    private final String name;
    private volatile State state;
    private final @Nullable Recorder recorder;
    private volatile boolean closed;

    /** Saves the recording of a virtual machine. */
    interface Recorder {
        /**
         * Ends the virtual machine and copies its recording.
         *
         * @param target an existing directory of this machine
         * @throws IOException if it cannot be written there
         * @throws org.atex.api.ProvisioningException if the recording is not complete
         */
        void save(Path target) throws IOException, InterruptedException;
    }

    /**
     * The connection of one virtual machine.
     *
     * @param number counts the virtual machines
     * @param carrier the connection
     * @param lost why it is lost; null while it is not
     */
    private record State(
            int number, Connection carrier, @Nullable String lost) {}

    GuestConnection(String name, Connection carrier) {
        this(name, carrier, null);
    }

    /**
     * Creates the connection.
     *
     * @param recorder saves the recording of the virtual machine; null if it is not recorded
     */
    GuestConnection(String name, Connection carrier, @Nullable Recorder recorder) {
        this.name = name;
        this.recorder = recorder;
        state = new State(1, carrier, null);
    }

    /** Marks the virtual machine as lost. Calls in progress end with the reason. */
    synchronized void lose(String reason) {
        State current = state;
        if (closed || current.lost != null) {
            return;
        }
        state = new State(current.number, current.carrier, reason);
        // In the background: a lost system does not answer.
        Threads.start("lost-" + name, current.carrier::close);
    }

    /** Uses another connection. Calls in progress over the old one fail. */
    synchronized void replace(Connection carrier) {
        Connection old = state.carrier;
        state = new State(state.number + 1, carrier, null);
        if (closed) {
            carrier.close();
        }
        Threads.start("replaced-" + name, old::close);
    }

    /** {@return what saves the recording of the virtual machine; null if it is not recorded} */
    @Nullable
    Recorder recorder() {
        return recorder;
    }

    private interface Call<T> {
        T call(State used) throws InterruptedException;
    }

    private <T> T call(Call<T> call) throws InterruptedException {
        if (closed) {
            throw new IllegalStateException("the connection to " + name + " is closed");
        }
        State used = state;
        refuseIfLost(used);
        try {
            return call.call(used);
        } catch (ConnectionLostException | IllegalStateException e) {
            throw translate(used, e);
        }
    }

    /** {@return the exception with the reason of the loss, if it follows from one} */
    private RuntimeException translate(State used, RuntimeException e) {
        State current = state;
        if (closed && !(e instanceof ConnectionLostException)) {
            return e;
        }
        if (current.number != used.number) {
            return new ConnectionLostException("the virtual machine of " + name + " was replaced by a reset", e);
        }
        return current.lost == null ? e : new ConnectionLostException(name + " is lost: " + current.lost, e);
    }

    private void refuseIfLost(State used) {
        if (used.lost != null) {
            throw new ConnectionLostException(name + " is lost: " + used.lost, null);
        }
    }

    @Override
    public RunningCommand start(Command command) throws InterruptedException {
        return call(used -> new ExplainedCommand(used.carrier.start(command), new Loss(used)));
    }

    @Override
    public void upload(Path source, String target) throws InterruptedException {
        var unused = call(used -> {
            used.carrier.upload(source, target);
            return true;
        });
    }

    @Override
    public void download(String source, Path target) throws InterruptedException {
        var unused = call(used -> {
            used.carrier.download(source, target);
            return true;
        });
    }

    @Override
    public void reconnect(Duration within) throws InterruptedException {
        var unused = call(used -> {
            used.carrier.reconnect(within);
            return true;
        });
    }

    @Override
    public List<String> loginCommand() {
        return state.carrier.loginCommand();
    }

    @Override
    public void close() {
        Connection carrier;
        synchronized (this) {
            closed = true;
            carrier = state.carrier;
        }
        carrier.close();
    }

    @Override
    public String toString() {
        return name;
    }

    /** Explains a command by the virtual machine on which it was started. */
    private final class Loss implements ExplainedCommand.Explanation {
        private final State used;

        Loss(State used) {
            this.used = used;
        }

        /** A command that ends by the closing of its connection has not ended by itself. */
        @Override
        public void check(CommandEnd end) {
            if (!(end instanceof CommandEnd.Exited) && state.number == used.number) {
                refuseIfLost(state);
            }
        }

        @Override
        public RuntimeException explain(RuntimeException e) {
            return translate(used, e);
        }
    }
}
