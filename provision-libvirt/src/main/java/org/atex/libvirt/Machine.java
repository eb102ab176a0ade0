package org.atex.libvirt;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.atex.api.Connection;
import org.atex.api.ProvisioningException;
import org.atex.ssh.SshRefusedException;
import org.atex.support.Deadline;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running virtual machine. Thread-safe. */
final class Machine {
    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);
    private static final int MAX_REFUSALS = 5;
    private static final String DESTROY = """
        [[ ! -d $ATEX_DIR/$1/recordings/$2 ]] || finish "$2"
        ended "$2" || exit
        rm -rf "$ATEX_DIR/$1/$2"
        """;

    private static final String FORGET = DESTROY + """
        rm -rf "$ATEX_DIR/$1/recordings/$2"
        """;

    private final LibvirtHost host;
    private final String run;
    private final String name;
    private final int port;
    private final String serialPort;
    private final GuestConnector connector;
    private final ConsoleWatch console;

    private final AtomicReference<@Nullable String> lost = new AtomicReference<>();
    private volatile Consumer<String> onLost = reason -> {};
    private volatile @Nullable Thread ending;
    private final @Nullable Recording recording;

    /** Where the host has a virtual machine: its process, the port of its ssh server or 0, and its serial port. */
    record Place(String process, int port, String serialPort) {}

    Machine(LibvirtHost host, String run, String name, Place place, GuestTemplate template) {
        this.host = host;
        this.run = run;
        this.name = name;
        this.port = place.port();
        this.serialPort = place.serialPort();
        this.connector = template.connector;
        recording = template.recorded ? new Recording(host, run, name, template) : null;
        console = new ConsoleWatch(
                host,
                run,
                name,
                place.process(),
                template.lostOnPanic,
                template.consoles == null ? null : template.consoles.resolve(name + ".console.log"),
                this::lost);
    }

    String name() {
        return name;
    }

    private void lost(String reason) {
        if (lost.compareAndSet(null, reason)) {
            LOG.info("{} is lost: {}", name, reason);
            onLost.accept(reason);
            // Its end resets connections through the host, so that calls in progress end.
            ending = Threads.start("end-" + name, () -> destroy(host, run, name, DESTROY));
        }
    }

    /** Tells a loss, at once if there was one already. */
    void onLost(Consumer<String> action) {
        onLost = action;
        String reason = lost.get();
        if (reason != null) {
            action.accept(reason);
        }
    }

    /**
     * {@return a connection to it, once it answers}
     *
     * @param forked whether it continues from a frozen state
     * @throws ProvisioningException if it does not answer in time, or was lost
     */
    Connection connect(boolean forked, Deadline deadline, Duration limit) throws InterruptedException {
        int refusals = 0;
        while (true) {
            Exception failure;
            try {
                return connector.connect(
                        new Guest(host.connection(), name, "127.0.0.1", port, serialPort, forked, deadline.left()));
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception e) {
                failure = e;
            }
            String reason = lost.get();
            if (reason != null) {
                throw new ProvisioningException("could not start " + name + ": " + reason, failure, host.toString());
            }
            refusals = failure instanceof SshRefusedException ? refusals + 1 : 0;
            if (deadline.isOver() || refusals == MAX_REFUSALS || failure instanceof IllegalStateException) {
                String why = deadline.isOver() ? "it did not answer within " + limit + ", the limit startWithin: " : "";
                throw new ProvisioningException(
                        "could not connect to " + name + ": " + why + failure.getMessage() + "; " + console.tail(),
                        failure,
                        host.toString());
            }
            deadline.sleepBriefly();
        }
    }

    /** Stops the virtual machine before its state is used. Its files remain. */
    void expectEnd() {
        console.expectEnd();
    }

    boolean isRecorded() {
        return recording != null;
    }

    /**
     * Ends the virtual machine and copies its recording.
     *
     * @param target an existing directory of this machine
     * @throws IOException if it cannot be written there
     */
    void saveRecording(Path target) throws IOException, InterruptedException {
        if (recording == null) {
            throw new IllegalStateException(name + " is not recorded");
        }
        console.expectEnd();
        Thread thread = ending;
        if (thread != null) {
            thread.join();
        }
        recording.save(target);
    }

    /** Ends the virtual machine, also if the thread was interrupted, and removes its files. Failures are logged. */
    void destroy() {
        console.expectEnd();
        destroy(host, run, name, FORGET);
        Thread thread = ending;
        if (thread != null) {
            Threads.join(thread);
        }
        console.close();
    }

    static void destroy(LibvirtHost host, String run, String name) {
        destroy(host, run, name, FORGET);
    }

    private static void destroy(LibvirtHost host, String run, String name, String script) {
        LibvirtHost.release(
                "destroy-" + name,
                () -> host.run("remove the virtual machine " + name, script, run, name),
                reason ->
                        LOG.warn("{} may be left on {}: {}; LibvirtProvisioner.sweep removes it", name, host, reason));
    }

    @Override
    public String toString() {
        return name;
    }
}
