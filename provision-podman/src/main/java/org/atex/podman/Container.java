package org.atex.podman;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.atex.support.LeaseEnd;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A container started by {@link PodmanProvisioner}, which must {@linkplain #remove remove} it. */
final class Container {
    private static final Logger LOG = LoggerFactory.getLogger(Container.class);
    private static final Duration REMOVE_TIMEOUT = Duration.ofSeconds(60);
    private static final int REMOVE_ATTEMPTS = 3;
    private static final Duration RELEASE_WITHIN = Duration.ofMinutes(2);
    private static final Duration INSPECT_TIMEOUT = Duration.ofSeconds(10);
    private static final int LOG_LINES = 20;
    private static final int MAX_LOG_LENGTH = 1000;

    private final Podman podman;
    private final String name;
    private String id = "";
    private long process;

    private Container(Podman podman, String name) {
        this.podman = podman;
        this.name = name;
    }

    String name() {
        return name;
    }

    /**
     * {@return the process id, on this machine, of the first process at the time the container was started; 0 if it is
     * on another host}
     */
    long process() {
        return process;
    }

    /**
     * Starts a container.
     *
     * @param name the name of the container
     * @param lease labels by which leftovers are found
     * @param command the command of the container; if empty, the image determines it
     * @throws IOException if podman could not start the container; it was removed then
     * @throws InterruptedException if interrupted; the container was removed
     */
    static Container start(
            Podman podman, PodmanProvisioner.Builder settings, String name, Lease lease, List<String> command)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("run"));
        if (settings.systemd) {
            // A reboot inside ends the container, and podman starts it again.
            line.addAll(List.of("--systemd=always", "--restart=always"));
        }
        line.addAll(settings.runOptions);
        // The pid file saves a run of podman; those of other hosts cannot be read from here.
        Path file = podman.host() instanceof ThisMachine ? Files.createTempFile("container-", ".pid") : null;
        // After the options of the user, so that these take precedence: the container is found and removed by them.
        line.addAll(lease.options());
        line.addAll(List.of("--detach", "--name=" + name));
        if (file != null) {
            line.add("--pidfile=" + file);
        }
        line.add(settings.pull.option());
        line.add(settings.image);
        line.addAll(command);
        Container container = new Container(podman, name);
        boolean started = false;
        try {
            String output = podman.run(settings.startWithin, line, message -> LOG.debug("{}: {}", name, message));
            container.id = output.lines().reduce("", (first, last) -> last).strip();
            container.process =
                    file == null ? 0 : Long.parseLong(Files.readString(file).strip());
            started = true;
            return container;
        } catch (NumberFormatException e) {
            throw new IOException("podman did not write the id of the started process to its pid file", e);
        } finally {
            if (file != null) {
                Files.deleteIfExists(file);
            }
            if (!started) {
                container.remove();
            }
        }
    }

    /** {@return its address in its network, {@code localhost} if it has the network of the host, or else its name} */
    String address() {
        try {
            String address = ContainerState.of(podman, id).address();
            return address == null ? name : address;
        } catch (IOException e) {
            LOG.debug("could not determine the address of container {}: {}", name, e.getMessage());
            return name;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return name;
        }
    }

    /**
     * Removes the container with its volumes, also if the thread is interrupted, and waits for that up to two minutes.
     * Failures are logged.
     */
    void remove() {
        Threads.complete("remove-" + name, RELEASE_WITHIN, this::removeNow);
    }

    private void removeNow() {
        String nameOrId = id.isEmpty() ? name : id; // by its id, since it may have been renamed
        try {
            remove(podman, List.of(nameOrId));
        } catch (IOException e) {
            LOG.warn(
                    "could not remove {}: {}{}; remove it with 'podman rm --force {}'",
                    podman.host().describe(name),
                    e.getMessage(),
                    FailureHints.hintFor(e),
                    nameOrId);
        } catch (InterruptedException e) {
            LOG.warn(
                    "{} was not removed within {}: check with 'podman ps --all' whether it is left",
                    podman.host().describe(name),
                    RELEASE_WITHIN);
        }
    }

    /**
     * {@return the reason why the container is no longer running: its exit code, its last output, and a remedy; null if
     * it is running or its state is unknown} Called after another operation has failed, to explain the failure.
     */
    @Nullable
    String exitReason() throws InterruptedException {
        try {
            long first = process > 0 ? process : ContainerState.of(podman, id).process();
            if (!podman.host().isAlive(first)) {
                podman.run(INSPECT_TIMEOUT, "wait", id); // podman may not have updated its state yet
            }
            String format = "{{.State.Running}} {{.State.ExitCode}} [{{.Config.Entrypoint}}]";
            String[] fields = podman.run(INSPECT_TIMEOUT, "container", "inspect", "--format=" + format, id)
                    .split(" ", 3);
            if (!fields[0].equals("false")) {
                return null;
            }
            String entrypoint = fields[2].replaceAll("[\\[\\]]", "").strip();
            return "it ended with exit code " + fields[1] + " right after its start; " + lastOutput()
                    + (entrypoint.isEmpty()
                            ? " (give a command that keeps running, or none)"
                            : " (the entrypoint of the image, '" + entrypoint
                                    + "', must run the command in its arguments; if it does not, disable it with the"
                                    + " run option --entrypoint=)");
        } catch (IOException e) {
            LOG.debug("could not determine how container {} ended: {}", name, e.getMessage());
            return null;
        }
    }

    private String lastOutput() throws InterruptedException {
        StringBuilder output = new StringBuilder();
        try {
            podman.runWithOutput(
                    INSPECT_TIMEOUT,
                    List.of("logs", "--tail=" + LOG_LINES, id),
                    line -> output.append(line).append('\n'));
        } catch (IOException e) {
            return "its output is not available: " + e.getMessage();
        }
        String text = output.toString().strip();
        String shortened =
                text.substring(Math.max(0, text.length() - MAX_LOG_LENGTH)).replace("\n", "; ");
        return text.isEmpty() ? "it wrote no output" : "its last output: '" + shortened + "'";
    }

    private static void remove(Podman podman, List<String> names) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("rm", "--force", "--ignore", "--time=0", "--volumes"));
        line.addAll(names);
        // Podman 4 fails if a container ends by itself at that moment. It knows of the end when it is called again.
        for (int attempt = 1; ; attempt++) {
            try {
                podman.run(REMOVE_TIMEOUT, line, message -> {});
                return;
            } catch (Podman.FailedException e) {
                if (attempt == REMOVE_ATTEMPTS) {
                    throw e;
                }
                LOG.debug("{} are removed again: {}", names, e.getMessage());
            }
        }
    }

    /** Removes containers of processes that have ended, for example because they were killed, or with a past deadline. */
    static void removeLeftovers(Podman podman) throws IOException, InterruptedException {
        String format = "--format={{.ID}} {{index .Labels \"" + Lease.OWNER + "\"}} {{index .Labels \"" + Lease.DEADLINE
                + "\"}}";
        String all = podman.run(REMOVE_TIMEOUT, "ps", "--all", "--filter=label=" + Lease.OWNER, format);
        List<String> leftovers = all.lines()
                .map(line -> line.split(" ", -1))
                .filter(fields ->
                        fields.length == 3 && (podman.host().hasEnded(fields[1]) || LeaseEnd.hasPassed(fields[2])))
                .map(fields -> fields[0])
                .toList();
        if (!leftovers.isEmpty()) {
            LOG.info(
                    "removing containers of ended programs, or with a past deadline, on {}: {}",
                    podman.host().name(),
                    leftovers);
            remove(podman, leftovers);
        }
    }

    /** Removes all containers of a run. {@return their names} */
    static List<String> removeRun(Podman podman, String run) throws IOException, InterruptedException {
        String filter = "--filter=label=" + Lease.RUN + "=" + run;
        List<String> names = podman.run(REMOVE_TIMEOUT, "ps", "--all", filter, "--format={{.Names}}")
                .lines()
                .toList();
        if (!names.isEmpty()) {
            remove(podman, names);
        }
        return names;
    }

    /**
     * {@return the name of a container, for example {@code atex-fedora-1a2b3c4d-1}}
     *
     * @param image the name of the image
     * @param run a text that differs for each provisioner
     * @param number the number of the container within its provisioner
     */
    static String name(String image, String run, int number) {
        String shortName = image.replaceAll(".*/", "").replaceAll("[:@].*", "").toLowerCase(Locale.ROOT);
        return "atex-" + shortName.replaceAll("[^a-z0-9_.-]", "-") + "-" + run + "-" + number;
    }
}
