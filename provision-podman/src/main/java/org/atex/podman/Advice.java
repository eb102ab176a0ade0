package org.atex.podman;

import java.util.List;
import java.util.Locale;

/** Says what to do about what podman says. */
final class Advice {
    private record Known(String words, String advice) {}

    /** In this order, as the words of a failed start may hold those of its reasons. */
    private static final List<Known> ALL = List.of(
            new Known("no space left", "make room on the disk, for example by 'podman system prune'"),
            new Known("disk quota exceeded", "make room on the disk, for example by 'podman system prune'"),
            new Known(
                    "newuidmap",
                    "set up rootless podman: install uidmap, and give this user lines in /etc/subuid and /etc/subgid"),
            new Known("subuid", "set up rootless podman: give this user lines in /etc/subuid and /etc/subgid"),
            new Known(
                    "slirp4netns",
                    "set up rootless podman: install slirp4netns and let this user open /dev/net/tun, or have no network"
                            + " by the run option --network=none"),
            new Known(
                    "pasta failed",
                    "set up rootless podman: let this user open /dev/net/tun, or have no network by the run option"
                            + " --network=none"),
            new Known(
                    "xdg_runtime_dir",
                    "set up rootless podman: log this user in, or have XDG_RUNTIME_DIR name a directory of its own"),
            new Known("image not known", "build or pull it first, or allow pulling by the pull policy"),
            new Known(
                    "short-name",
                    "write the image's name with its registry, or 'localhost/' for one that was built here"),
            new Known("manifest unknown", "check the image's name and tag"),
            new Known("connection refused", "check that the registry can be reached, or use an image that is here"),
            new Known("no such host", "check that the registry can be reached, or use an image that is here"),
            new Known("executable file not found", "check that the image has the program, such as bash"),
            new Known("exec format error", "use an image of this machine's architecture"),
            new Known("unknown flag", "check the run options: this podman does not know one of them"),
            new Known("setrlimit", "try another runtime or other limits in a file that CONTAINERS_CONF names"),
            new Known("rlimit", "try another runtime or other limits in a file that CONTAINERS_CONF names"),
            new Known(
                    "cgroup", "try another runtime in a file that CONTAINERS_CONF names, such as runtime = \"runc\""));

    private Advice() {}

    /** {@return what to do, in brackets after a blank; empty if nothing is known} */
    static String on(Throwable failure) {
        String words = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        if (words.contains("cannot run program")) {
            return " (install podman, or say where it is)";
        }
        return ALL.stream()
                .filter(known -> words.contains(known.words()))
                .findFirst()
                .map(known -> " (" + known.advice() + ")")
                .orElse("");
    }
}
