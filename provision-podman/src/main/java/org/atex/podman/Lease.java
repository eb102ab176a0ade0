package org.atex.podman;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The labels of a container by which it is found when its program cannot remove it: the process that started it, the
 * run, and the time after which it is not needed any more.
 *
 * @param owner the process
 * @param run the tag of the run
 * @param time how long the container is needed
 */
record Lease(ContainerOwner owner, String run, Duration time) {
    static final String RUN = "org.atex.run";
    static final String DEADLINE = "org.atex.deadline";

    /** {@return options for {@code podman run} that set the labels, with a deadline from now on} */
    List<String> options() {
        return List.of(
                "--label=" + ContainerOwner.LABEL + "=" + owner,
                "--label=" + RUN + "=" + run,
                "--label=" + DEADLINE + "=" + Instant.now().plus(time).getEpochSecond());
    }

    /**
     * {@return whether a container is left over: its process has ended, or its deadline has passed}
     *
     * @param owner the label of the process
     * @param deadline the label of the deadline, or an empty text
     */
    static boolean isOver(String owner, String deadline) {
        return ContainerOwner.hasEnded(owner) || hasPassed(deadline);
    }

    private static boolean hasPassed(String deadline) {
        try {
            return !deadline.isEmpty()
                    && Instant.ofEpochSecond(Long.parseLong(deadline)).isBefore(Instant.now());
        } catch (NumberFormatException | DateTimeException e) {
            return false; // not a label of this library
        }
    }
}
