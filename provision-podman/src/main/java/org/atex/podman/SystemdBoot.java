package org.atex.podman;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits until systemd in a container is up: running, or degraded, with units that failed. */
final class SystemdBoot implements PodmanConnection.BeforeConnecting {
    private static final Logger LOG = LoggerFactory.getLogger(SystemdBoot.class);
    private static final Duration LONGEST = Duration.ofHours(1);

    /** Systemd waits by itself, once it can be asked at all. */
    private static final String WAIT =
            "timeout \"$1\" systemctl is-system-running --wait >/dev/null 2>&1; systemctl is-system-running";

    @Override
    public void await(Podman podman, String container, Deadline deadline) throws IOException, InterruptedException {
        ContainerState.of(podman, container).refuseUnlessRunning();
        String state = "";
        while (!deadline.isOver()) {
            state = ask(podman, container, WAIT, Long.toString(deadline.left().toSeconds() + 1));
            if (state.equals("running")) {
                return;
            }
            if (state.equals("degraded")) {
                LOG.warn("container {} is up, but some of its units failed: {}", container, failed(podman, container));
                return;
            }
            deadline.pause();
        }
        throw new IOException("systemd is not up in time: it is '" + state + "', and failed units are "
                + failed(podman, container) + " (give it more time, or mend these units in the image)");
    }

    private static String failed(Podman podman, String container) throws IOException, InterruptedException {
        String units = ask(podman, container, "systemctl list-units --failed --plain --no-legend", "");
        List<String> names =
                units.lines().map(line -> line.replaceAll(" .*", "")).toList();
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    /** The exit code says whether all is well, which the words do too. */
    private static String ask(Podman podman, String container, String script, String argument)
            throws IOException, InterruptedException {
        List<String> line = List.of("exec", container, "sh", "-c", script + "; exit 0", "sh", argument);
        try {
            return podman.run(LONGEST, line, said -> LOG.debug("{}: {}", container, said));
        } catch (Podman.FailedException e) {
            return e.words(); // it has just been restarted, perhaps
        }
    }
}
