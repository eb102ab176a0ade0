package org.atex.podman;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * What podman says of a container.
 *
 * @param id its full number
 * @param process the number of its first process on this machine; 0 if it does not run
 * @param status such as {@code running} or {@code exited}
 */
record ContainerState(String id, long process, String status) {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    static ContainerState of(Podman podman, String container) throws IOException, InterruptedException {
        String format = "{{.Id}} {{.State.Pid}} {{.State.Status}}";
        List<String> words = List.of(podman.run(PATIENCE, "container", "inspect", "--format=" + format, container)
                .split(" ", -1));
        return new ContainerState(words.get(0), Long.parseLong(words.get(1)), words.get(2));
    }

    void refuseUnlessRunning() throws IOException {
        if (!isRunning()) {
            throw new IOException("it does not run: it is " + status);
        }
    }

    boolean isRunning() {
        return status.equals("running") && process > 0;
    }
}
