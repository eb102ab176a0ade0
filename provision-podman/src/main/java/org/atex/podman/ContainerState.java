package org.atex.podman;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state of a container as reported by {@code podman container inspect}.
 *
 * @param id the full id of the container
 * @param process the process id, on its host, of the first process of the container; 0 if it is not running
 * @param status the status in podman's terms, for example {@code running} or {@code exited}
 * @param address its IP address in its first network; {@code localhost} in the network of the host; else null
 */
record ContainerState(
        String id, long process, String status, @Nullable String address) {
    private static final Duration INSPECT_TIMEOUT = Duration.ofSeconds(30);

    /**
     * {@return the current state of a container}
     *
     * @param container the name or id of the container
     * @throws IOException if there is no such container, or podman does not answer within 30 s
     */
    static ContainerState of(Podman podman, String container) throws IOException, InterruptedException {
        String format = "{{.Id}} {{.State.Pid}} {{.State.Status}} {{.HostConfig.NetworkMode}}"
                + "{{range .NetworkSettings.Networks}} {{.IPAddress}}{{end}}";
        List<String> fields =
                List.of(podman.run(INSPECT_TIMEOUT, "container", "inspect", "--format=" + format, container)
                        .split(" ", -1));
        String address = fields.get(3).strip().equals("host")
                ? "localhost"
                : fields.stream()
                        .skip(4)
                        .map(String::strip)
                        .filter(text -> !text.isEmpty())
                        .findFirst()
                        .orElse(null);
        return new ContainerState(fields.get(0), Long.parseLong(fields.get(1)), fields.get(2), address);
    }

    /**
     * Checks that the container is running.
     *
     * @throws IOException if it is not
     */
    void refuseUnlessRunning() throws IOException {
        if (!isRunning()) {
            throw new IOException("it is not running: its status is " + status);
        }
    }

    boolean isRunning() {
        return status.equals("running") && process > 0;
    }
}
