package org.atex.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** A running container that exists until the end of its test. Thread-safe. */
public final class LabContainer implements AutoCloseable {
    private final String id;

    LabContainer(String id) {
        this.id = id;
    }

    /** {@return the id of the container in podman} */
    public String id() {
        return id;
    }

    /**
     * {@return its address in podman's network}
     *
     * @throws IOException if podman fails
     * @throws InterruptedException if interrupted
     */
    public String address() throws IOException, InterruptedException {
        return inspect("{{.NetworkSettings.IPAddress}}");
    }

    /**
     * {@return the process id of its first process on this host; 0 if it is not running}
     *
     * @throws IOException if podman fails
     * @throws InterruptedException if interrupted
     */
    public long process() throws IOException, InterruptedException {
        return Long.parseLong(inspect("{{.State.Pid}}"));
    }

    private String inspect(String format) throws IOException, InterruptedException {
        return Shell.run("podman", "inspect", "--type=container", "--format=" + format, id);
    }

    /**
     * Runs a command in the container with {@code podman exec}.
     *
     * @param command the program and its arguments
     * @return its output
     * @throws IOException if it fails; the message has its output
     * @throws InterruptedException if interrupted
     */
    public String exec(String... command) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("podman", "exec", id));
        line.addAll(List.of(command));
        return Shell.run(line);
    }

    /**
     * Stops the first process, so that it neither answers nor ends.
     *
     * @throws IOException if it cannot be stopped
     * @throws InterruptedException if interrupted
     */
    public void freeze() throws IOException, InterruptedException {
        // From outside, as a first process ignores the signal from inside.
        Shell.run("kill", "-STOP", String.valueOf(process()));
    }

    /**
     * Replaces a directory by a file system without free space.
     *
     * @param directory the directory
     * @throws IOException if that fails
     * @throws InterruptedException if interrupted
     */
    public void fill(String directory) throws IOException, InterruptedException {
        // A container must not mount file systems itself.
        Shell.run(
                "nsenter",
                "--target=" + process(),
                "--mount",
                "sh",
                "-c",
                "mount -t tmpfs -o size=64k none \"$1\"; head -c 64k /dev/zero >\"$1/full\"",
                "sh",
                directory);
    }

    /**
     * Cuts the network of the container: all packets are dropped, in both directions and without an error to either
     * side, until {@link #restoreNetwork}. Needs root.
     *
     * @throws IOException if the firewall cannot be changed
     * @throws InterruptedException if interrupted
     */
    public void cutNetwork() throws IOException, InterruptedException {
        firewall("-I", "INPUT", "!", "-i", "lo", "-j", "DROP");
        firewall("-I", "OUTPUT", "!", "-o", "lo", "-j", "DROP");
    }

    /**
     * Undoes {@link #cutNetwork}.
     *
     * @throws IOException if the firewall cannot be changed
     * @throws InterruptedException if interrupted
     */
    public void restoreNetwork() throws IOException, InterruptedException {
        firewall("-D", "INPUT", "!", "-i", "lo", "-j", "DROP");
        firewall("-D", "OUTPUT", "!", "-o", "lo", "-j", "DROP");
    }

    /** Drops all packets from other addresses than the given one. */
    void acceptOnlyFrom(String address) throws IOException, InterruptedException {
        firewall("-I", "INPUT", "!", "-i", "lo", "!", "-s", address, "-j", "DROP");
    }

    /**
     * Runs this host's iptables in the network namespace of the container, which has neither the program nor the
     * capability.
     */
    private void firewall(String... rule) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("nsenter", "-n", "-t", Long.toString(process()), "iptables", "-w"));
        line.addAll(List.of(rule));
        Shell.run(line);
    }

    /**
     * Kills the container, as a crash would.
     *
     * @throws IOException if it is not running
     * @throws InterruptedException if interrupted
     */
    public void kill() throws IOException, InterruptedException {
        Shell.run("podman", "kill", "--signal=KILL", id);
    }

    /**
     * Starts the container again after {@link #kill}.
     *
     * @throws IOException if podman fails
     * @throws InterruptedException if interrupted
     */
    public void start() throws IOException, InterruptedException {
        Shell.run("podman", "start", id);
    }

    /** Removes the container. */
    @Override
    public void close() {
        // A container must not be left behind because the test was interrupted.
        boolean interrupted = Thread.interrupted();
        List<String> removal = List.of("podman", "rm", "--force", "--ignore", "--time=0", "--volumes", id);
        try {
            // Podman 4 fails if the container ends by itself at that moment. It knows of the end when it is called
            // again.
            if (Shell.execute(removal).code() != 0) {
                Shell.run(removal);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public String toString() {
        return id;
    }
}
