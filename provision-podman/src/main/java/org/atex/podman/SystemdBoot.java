package org.atex.podman;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.atex.support.Deadline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until systemd in a container has booted: its state is {@code running}, or {@code degraded}, which means that
 * some units failed.
 */
final class SystemdBoot implements PodmanConnection.ReadinessCheck {
    private static final Logger LOG = LoggerFactory.getLogger(SystemdBoot.class);
    private static final Duration QUERY_TIMEOUT = Duration.ofHours(1);

    // With --wait, systemctl returns when the boot has finished. It fails at once while systemd does not accept
    // requests yet.
    private static final String AWAIT_BOOT =
            "timeout \"$1\" systemctl is-system-running --wait >/dev/null 2>&1; systemctl is-system-running";

    @Override
    public void await(Podman podman, String container, Deadline deadline) throws IOException, InterruptedException {
        ContainerState.of(podman, container).refuseUnlessRunning();
        String state = "";
        while (!deadline.isOver()) {
            state = query(
                    podman, container, AWAIT_BOOT, Long.toString(deadline.left().toSeconds() + 1));
            if (state.equals("running")) {
                return;
            }
            if (state.equals("degraded")) {
                LOG.warn(
                        "systemd in container {} has booted, but some units failed: {}",
                        container,
                        failedUnits(podman, container));
                return;
            }
            deadline.sleepBriefly();
        }
        throw new IOException("systemd did not boot in time: its state is '" + state + "', failed units: "
                + failedUnits(podman, container)
                + " (allow more time with startWithin, or fix the units in the image)");
    }

    private static String failedUnits(Podman podman, String container) throws IOException, InterruptedException {
        String units = query(podman, container, "systemctl list-units --failed --plain --no-legend", "");
        List<String> names =
                units.lines().map(line -> line.replaceAll(" .*", "")).toList();
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    /**
     * {@return the output of a script in the container} Its exit code is ignored, since the output holds the state as
     * well.
     */
    private static String query(Podman podman, String container, String script, String argument)
            throws IOException, InterruptedException {
        List<String> line = List.of("exec", container, "sh", "-c", script + "; exit 0", "sh", argument);
        try {
            return podman.run(QUERY_TIMEOUT, line, said -> LOG.debug("{}: {}", container, said));
        } catch (Podman.FailedException e) {
            return e.errorOutput(); // the container may be restarting; the caller asks again
        }
    }
}
