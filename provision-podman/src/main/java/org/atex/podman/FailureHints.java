package org.atex.podman;

import java.util.List;
import java.util.Locale;

/** Suggests remedies for known error messages of podman. */
final class FailureHints {
    /** A part of an error message in lower case, and the remedy. */
    private record Hint(String part, String remedy) {}

    // The first match counts. A message may quote the messages of its causes, so specific texts come before general
    // ones.
    private static final List<Hint> ALL = List.of(
            new Hint("no space left", "make room on the disk, for example by 'podman system prune'"),
            new Hint("disk quota exceeded", "make room on the disk, for example by 'podman system prune'"),
            new Hint(
                    "newuidmap",
                    "set up rootless podman: install uidmap, and give this user lines in /etc/subuid and /etc/subgid"),
            new Hint("subuid", "set up rootless podman: give this user lines in /etc/subuid and /etc/subgid"),
            new Hint(
                    "slirp4netns",
                    "set up rootless podman: install slirp4netns and let this user open /dev/net/tun, or disable the"
                            + " network with the run option --network=none"),
            new Hint(
                    "pasta failed",
                    "set up rootless podman: let this user open /dev/net/tun, or disable the network with the run"
                            + " option --network=none"),
            new Hint(
                    "xdg_runtime_dir",
                    "set up rootless podman: log this user in, or set XDG_RUNTIME_DIR to a directory of this user"),
            new Hint("image not known", "build or pull it first, or set a pull policy that allows pulling"),
            new Hint(
                    "short-name",
                    "write the image name with its registry, or with 'localhost/' if it was built on this machine"),
            new Hint("manifest unknown", "check the name and tag of the image"),
            new Hint(
                    "pinging container registry localhost",
                    "there is no such image on this machine: build it, or correct its name; 'podman images' lists them"),
            new Hint("connection refused", "check that the registry can be reached, or use a local image"),
            new Hint("no such host", "check that the registry can be reached, or use a local image"),
            new Hint("executable file not found", "check that the image contains the program, for example bash"),
            new Hint("exec format error", "use an image for the architecture of this machine"),
            new Hint("unknown flag", "check the run options: this version of podman does not support one of them"),
            new Hint("setrlimit", "set another runtime or other limits in the file that CONTAINERS_CONF names"),
            new Hint("rlimit", "set another runtime or other limits in the file that CONTAINERS_CONF names"),
            new Hint(
                    "cgroup",
                    "set another runtime in the file that CONTAINERS_CONF names, for example runtime = \"runc\""));

    private static final String INSTALL = " (install podman, or set its path with PodmanOptions.withProgram)";

    private FailureHints() {}

    /** {@return the remedy in parentheses, with a leading space, to append to a message; empty if none is known} */
    static String hintFor(Throwable failure) {
        if (failure instanceof HostLostException) {
            return ""; // the texts of its cause are not those of podman
        }
        String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        if (message.contains("cannot run program") || message.contains("exit code 127")) {
            return INSTALL;
        }
        return ALL.stream()
                .filter(hint -> message.contains(hint.part()))
                .findFirst()
                .map(hint -> " (" + hint.remedy() + ")")
                .orElse("");
    }
}
