package org.atex.podman;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A container that was started here, and is removed by whoever has it. */
final class Container {
    private static final Logger LOG = LoggerFactory.getLogger(Container.class);
    private static final Duration REMOVAL = Duration.ofSeconds(60);
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final int LAST_LINES = 20;
    private static final int LONGEST = 1000;

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

    /** {@return the number that its first process had on this machine when it was started} */
    long process() {
        return process;
    }

    /**
     * Starts one.
     *
     * @param command what it runs; nothing for what the image says
     * @throws IOException if podman does not; there is none then
     * @throws InterruptedException if interrupted; there is none then
     */
    static Container start(
            Podman podman, PodmanProvisioner.Builder settings, String name, Owner owner, List<String> command)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("run"));
        if (settings.systemd) {
            // A reboot inside ends the container; podman starts it again.
            line.addAll(List.of("--systemd=always", "--restart=always"));
        }
        line.addAll(settings.runOptions);
        Path file = Files.createTempFile("container-", ".pid");
        // Last, so that it counts whatever the options say: by these the container is found again and removed.
        line.addAll(List.of("--detach", "--name=" + name, "--label=" + Owner.LABEL + "=" + owner, "--pidfile=" + file));
        line.add(settings.pull.option());
        line.add(settings.image);
        line.addAll(command);
        Container container = new Container(podman, name);
        boolean started = false;
        try {
            String said = podman.run(settings.startWithin, line, words -> LOG.debug("{}: {}", name, words));
            container.id = said.lines().reduce("", (first, last) -> last).strip();
            container.process = Long.parseLong(Files.readString(file).strip());
            started = true;
            return container;
        } catch (NumberFormatException e) {
            throw new IOException("podman did not say which process it started", e);
        } finally {
            Files.deleteIfExists(file);
            if (!started) {
                container.remove();
            }
        }
    }

    /** Removes it with its volumes, whatever it does and whoever interrupts. */
    void remove() {
        boolean interrupted = Thread.interrupted();
        try {
            // By its number, should somebody have given it another name.
            remove(podman, List.of(id.isEmpty() ? name : id));
        } catch (IOException e) {
            LOG.warn("container {} could not be removed: {}{}", name, e.getMessage(), Advice.on(e));
        } catch (InterruptedException e) {
            interrupted = true;
            LOG.warn("interrupted while container {} was removed: look whether it is there", name);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * {@return why it does not run any more: its exit code, what it said last, and what to do; null if it runs} To be asked when
     * something else failed.
     */
    @Nullable
    String ending() throws InterruptedException {
        try {
            if (!Files.exists(Path.of("/proc/" + process))) {
                podman.run(SOON, "wait", id); // podman may not have noticed yet
            }
            String format = "{{.State.Running}} {{.State.ExitCode}} [{{.Config.Entrypoint}}]";
            String[] words = podman.run(SOON, "container", "inspect", "--format=" + format, id)
                    .split(" ", 3);
            if (!words[0].equals("false")) {
                return null;
            }
            String entrypoint = words[2].replaceAll("[\\[\\]]", "").strip();
            return "it ended with exit code " + words[1] + " when it had just been started; " + lastWords()
                    + (entrypoint.isEmpty()
                            ? " (give a command that goes on running, or none)"
                            : " (the image's entrypoint, '" + entrypoint
                                    + "', has to run the command that it is given; if it does not, leave it out by the run"
                                    + " option --entrypoint=)");
        } catch (IOException e) {
            LOG.debug("cannot tell how container {} ended: {}", name, e.getMessage());
            return null;
        }
    }

    private String lastWords() throws InterruptedException {
        StringBuilder words = new StringBuilder();
        try {
            podman.runTelling(
                    SOON,
                    List.of("logs", "--tail=" + LAST_LINES, id),
                    line -> words.append(line).append('\n'));
        } catch (IOException e) {
            return "what it said is not known: " + e.getMessage();
        }
        String text = words.toString().strip();
        String shortened = text.substring(Math.max(0, text.length() - LONGEST)).replace("\n", "; ");
        return text.isEmpty() ? "it said nothing" : "it said last: '" + shortened + "'";
    }

    private static void remove(Podman podman, List<String> names) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("rm", "--force", "--ignore", "--time=0", "--volumes"));
        line.addAll(names);
        podman.run(REMOVAL, line, said -> {});
    }

    /** Removes what runs of programs that are gone have left. */
    static void sweep(Podman podman) throws IOException, InterruptedException {
        String format = "--format={{.ID}} {{index .Labels \"" + Owner.LABEL + "\"}}";
        String all = podman.run(REMOVAL, "ps", "--all", "--filter=label=" + Owner.LABEL, format);
        List<String> dead = all.lines()
                .map(line -> line.split(" ", -1))
                .filter(words -> words.length == 2 && Owner.isDead(words[1]))
                .map(words -> words[0])
                .toList();
        if (!dead.isEmpty()) {
            LOG.info("removing containers that programs have left which are gone: {}", dead);
            remove(podman, dead);
        }
    }

    /** {@return a name for the nth container of a provisioner, that says what it is} */
    static String name(String image, String run, int number) {
        String last = image.replaceAll(".*/", "").replaceAll("[:@].*", "").toLowerCase(Locale.ROOT);
        return "atex-" + last.replaceAll("[^a-z0-9_.-]", "-") + "-" + run + "-" + number;
    }
}
