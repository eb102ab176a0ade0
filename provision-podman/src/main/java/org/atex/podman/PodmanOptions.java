package org.atex.podman;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How containers are reached. Immutable; each {@code with…} method gives a changed copy.
 *
 * @param program what runs podman; {@code podman} by default
 * @param user who commands run as, as {@code podman exec --user} takes it; null, the default, for the container's own
 * @param connectWithin how long connecting, and starting a command, may take; 30 s by default
 */
public record PodmanOptions(List<String> program, @Nullable String user, Duration connectWithin) {
    /** Checks and copies what it is given. */
    public PodmanOptions {
        program = List.copyOf(program);
        if (program.isEmpty()) {
            throw new IllegalArgumentException("podman needs a program: its list of words is empty");
        }
        if (connectWithin.isNegative() || connectWithin.isZero()) {
            throw new IllegalArgumentException("cannot connect within " + connectWithin + ": give more than nothing");
        }
    }

    /** {@return options as they are without any wish} */
    public static PodmanOptions defaults() {
        return new PodmanOptions(List.of("podman"), null, Duration.ofSeconds(30));
    }

    /**
     * {@return these options with another program}
     *
     * @param words the program and its first arguments, such as {@code podman --log-level=debug}
     */
    public PodmanOptions withProgram(String... words) {
        return new PodmanOptions(List.of(words), user, connectWithin);
    }

    /**
     * {@return these options with another user}
     *
     * @param name a user's name or number, with a group if need be: {@code tester}, {@code 1000:1000}
     */
    public PodmanOptions withUser(String name) {
        return new PodmanOptions(program, name, connectWithin);
    }

    /**
     * {@return these options with another limit}
     *
     * @param within how long connecting, and starting a command, may take
     */
    public PodmanOptions withConnectWithin(Duration within) {
        return new PodmanOptions(program, user, within);
    }
}
