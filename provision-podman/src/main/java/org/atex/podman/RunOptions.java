package org.atex.podman;

import java.util.List;
import java.util.regex.Pattern;

/** Rejects options of {@code podman run} that would prevent the provisioner from finding and removing the container. */
final class RunOptions {
    private record Refused(Pattern option, String reason) {
        Refused(String option, String reason) {
            this(Pattern.compile(option), reason);
        }
    }

    private static final List<Refused> ALL = List.of(
            new Refused("--name(=.*)?", "the provisioner names each container, see Remote.name()"),
            new Refused("--replace(=.*)?", "the provisioner names each container"),
            new Refused(
                    "--rm(=.*)?",
                    "closing the system removes the container, and its logs are needed if it ends before"),
            new Refused("--detach(=.*)?|-[itPq]*d.*", "containers always run in the background"),
            new Refused("--(cidfile|pidfile)(=.*)?", "get the ids from 'podman inspect' with Remote.name()"),
            new Refused(
                    "--pod=new:.*|new:.*",
                    "the pod would not be removed; create it with 'podman pod create', and remove it afterwards"),
            new Refused("--", "only options are allowed; the builder sets the image and the command"));

    private RunOptions() {}

    /**
     * Checks options.
     *
     * @throws IllegalArgumentException if an option is refused; the message states the alternative
     */
    static void check(List<String> options) {
        for (String option : options) {
            for (Refused refused : ALL) {
                if (refused.option().matcher(option).matches()) {
                    throw new IllegalArgumentException(
                            "cannot use the run option " + option + ": " + refused.reason() + "; leave it out");
                }
            }
        }
    }
}
