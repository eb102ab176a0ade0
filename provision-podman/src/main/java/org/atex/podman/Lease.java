package org.atex.podman;

import java.time.Duration;
import java.util.List;
import org.atex.support.LeaseEnd;

/**
 * The labels of a container by which it is found when its program cannot remove it: the process that started it, the
 * run, and the time after which it is not needed any more.
 *
 * @param owner the text of the process, see {@link PodmanHost#owner}
 * @param run the tag of the run
 * @param time how long the container is needed
 */
record Lease(String owner, String run, Duration time) {
    static final String OWNER = "org.atex.owner";
    static final String RUN = "org.atex.run";
    static final String DEADLINE = "org.atex.deadline";

    /** {@return options for {@code podman run} that set the labels, with a deadline from now on} */
    List<String> options() {
        return List.of(
                "--label=" + OWNER + "=" + owner,
                "--label=" + RUN + "=" + run,
                "--label=" + DEADLINE + "=" + LeaseEnd.in(time));
    }
}
