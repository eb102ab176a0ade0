package org.atex.podman;

import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits until systemd in a container is up: running, or degraded, with units that failed. */
final class SystemdBoot implements PodmanConnection.AfterConnecting {
    private static final Logger LOG = LoggerFactory.getLogger(SystemdBoot.class);

    @Override
    public void await(Podman podman, String container, Deadline deadline) throws IOException, InterruptedException {
        String state = "";
        while (!deadline.isOver()) {
            // Waits by itself, once systemd can be asked at all.
            state = ask(podman, container, deadline, "systemctl", "is-system-running", "--wait");
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
        Deadline soon = Deadline.in(java.time.Duration.ofSeconds(10));
        String units = ask(podman, container, soon, "systemctl", "list-units", "--failed", "--plain", "--no-legend");
        List<String> names =
                units.lines().map(line -> line.replaceAll(" .*", "")).toList();
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    private static String ask(Podman podman, String container, Deadline deadline, String... question)
            throws IOException, InterruptedException {
        // Its exit code says whether all is well, which its words do too.
        List<String> line = new java.util.ArrayList<>(List.of("exec", container, "sh", "-c", "\"$@\" || true", "sh"));
        line.addAll(List.of(question));
        try {
            return podman.run(deadline.left(), line, said -> LOG.debug("{}: {}", container, said));
        } catch (Podman.FailedException e) {
            return e.words(); // it has just been restarted, perhaps
        }
    }
}
