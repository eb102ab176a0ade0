package org.atex.podman;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A container that was started here, and is removed by whoever has it. */
final class Container {
    private static final Logger LOG = LoggerFactory.getLogger(Container.class);
    private static final Duration REMOVAL = Duration.ofSeconds(60);

    private final Podman podman;
    private final String name;
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
        List<String> line =
                new ArrayList<>(List.of("run", "--detach", "--name=" + name, "--label=" + Owner.LABEL + "=" + owner));
        line.add(settings.pull.option());
        if (settings.systemd) {
            // A reboot inside ends the container; podman starts it again.
            line.addAll(List.of("--systemd=always", "--restart=always"));
        }
        line.addAll(settings.runOptions);
        line.add(settings.image);
        line.addAll(command);
        Path file = Files.createTempFile("container-", ".pid");
        line.addAll(1, List.of("--pidfile=" + file));
        Container container = new Container(podman, name);
        boolean started = false;
        try {
            podman.run(settings.startWithin, line, said -> LOG.debug("{}: {}", name, said));
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
            remove(podman, List.of(name));
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

    private static void remove(Podman podman, List<String> names) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of("rm", "--force", "--ignore", "--time=0", "--volumes"));
        line.addAll(names);
        podman.run(REMOVAL, line, said -> {});
    }

    /** Removes what runs of programs that are gone have left. */
    static void sweep(Podman podman) throws IOException, InterruptedException {
        String format = "--format={{.Names}} {{index .Labels \"" + Owner.LABEL + "\"}}";
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
