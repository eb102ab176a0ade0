package org.atex.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** A running container, until its test is over. Thread safety: from any thread. */
public final class LabContainer implements AutoCloseable {
    private final String id;

    LabContainer(String id) {
        this.id = id;
    }

    /** {@return what podman knows it by} */
    public String id() {
        return id;
    }

    /**
     * {@return its address on podman's network}
     *
     * @throws IOException if podman does not say
     * @throws InterruptedException if interrupted
     */
    public String address() throws IOException, InterruptedException {
        return inspect("{{.NetworkSettings.IPAddress}}");
    }

    /**
     * {@return the number that its first process has on this machine; 0 if it does not run}
     *
     * @throws IOException if podman does not say
     * @throws InterruptedException if interrupted
     */
    public long process() throws IOException, InterruptedException {
        return Long.parseLong(inspect("{{.State.Pid}}"));
    }

    private String inspect(String format) throws IOException, InterruptedException {
        return Shell.run("podman", "inspect", "--type=container", "--format=" + format, id);
    }

    /**
     * Runs a command in it by {@code podman exec}.
     *
     * @param command the program and its arguments
     * @return what it said
     * @throws IOException if it failed; the message has its words
     * @throws InterruptedException if interrupted
     */
    public String exec(String... command) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("podman", "exec", id));
        line.addAll(List.of(command));
        return Shell.run(line);
    }

    /**
     * Cuts its network: what comes or goes is dropped, as by a pulled cable, until it is restored. Needs root.
     *
     * @throws IOException if it cannot be done
     * @throws InterruptedException if interrupted
     */
    public void cutNetwork() throws IOException, InterruptedException {
        firewall("-I", "INPUT", "!", "-i", "lo", "-j", "DROP");
        firewall("-I", "OUTPUT", "!", "-o", "lo", "-j", "DROP");
    }

    /**
     * Undoes {@link #cutNetwork}.
     *
     * @throws IOException if it cannot be done
     * @throws InterruptedException if interrupted
     */
    public void restoreNetwork() throws IOException, InterruptedException {
        firewall("-D", "INPUT", "!", "-i", "lo", "-j", "DROP");
        firewall("-D", "OUTPUT", "!", "-o", "lo", "-j", "DROP");
    }

    /** Drops what comes from elsewhere than an address. */
    void listenOnlyTo(String address) throws IOException, InterruptedException {
        firewall("-I", "INPUT", "!", "-i", "lo", "!", "-s", address, "-j", "DROP");
    }

    /** In its network, and with a program of this machine, as the container needs neither that nor the right. */
    private void firewall(String... rule) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("nsenter", "-n", "-t", Long.toString(process()), "iptables", "-w"));
        line.addAll(List.of(rule));
        Shell.run(line);
    }

    /**
     * Kills it, as a crash would.
     *
     * @throws IOException if it does not run
     * @throws InterruptedException if interrupted
     */
    public void kill() throws IOException, InterruptedException {
        Shell.run("podman", "kill", "--signal=KILL", id);
    }

    /**
     * Starts it again after it was killed.
     *
     * @throws IOException if podman cannot
     * @throws InterruptedException if interrupted
     */
    public void start() throws IOException, InterruptedException {
        Shell.run("podman", "start", id);
    }

    /** Removes it. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        try {
            Shell.run("podman", "rm", "--force", "--ignore", "--time=0", "--volumes", id);
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
