package org.atex.podman;

import java.util.List;
import java.util.regex.Pattern;

/** Which options of {@code podman run} leave us in hold of the container. */
final class RunOptions {
    private record Refused(Pattern option, String advice) {
        Refused(String option, String advice) {
            this(Pattern.compile(option), advice);
        }
    }

    private static final List<Refused> ALL = List.of(
            new Refused("--name(=.*)?", "each container gets a name of its own, which Remote.name() tells"),
            new Refused("--replace(=.*)?", "each container gets a name of its own"),
            new Refused(
                    "--rm(=.*)?", "a container is removed when it is given back, and one that ends before says why"),
            new Refused("--detach(=.*)?|-[itPq]*d.*", "containers run in the background anyway"),
            new Refused(
                    "--(cidfile|pidfile)(=.*)?",
                    "'podman inspect' with Remote.name() tells the numbers of a container"),
            new Refused(
                    "--pod=new:.*|new:.*",
                    "the pod would stay; make one by 'podman pod create', remove it afterwards, and name it here"),
            new Refused("--", "options only; the image and the command are said elsewhere"));

    private RunOptions() {}

    /**
     * Checks options.
     *
     * @throws IllegalArgumentException if one is refused
     */
    static void check(List<String> words) {
        for (String word : words) {
            for (Refused refused : ALL) {
                if (refused.option().matcher(word).matches()) {
                    throw new IllegalArgumentException(
                            "cannot use the run option " + word + ": " + refused.advice() + "; leave it out");
                }
            }
        }
    }
}
