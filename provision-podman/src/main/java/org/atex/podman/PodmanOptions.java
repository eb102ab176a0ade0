package org.atex.podman;

import java.time.Duration;
import java.util.List;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * Options for access to containers. Immutable; each {@code with…} method returns a changed copy.
 *
 * @param program the command that runs podman, with its first arguments; {@code podman} by default
 * @param user the user of commands in the format of {@code podman exec --user}; null, the default, means the user of
 *     the container
 * @param connectWithin the time limit for connecting, and for starting a command; 30 s by default
 */
public record PodmanOptions(List<String> program, @Nullable String user, Duration connectWithin) {
    /**
     * Creates options.
     *
     * @throws IllegalArgumentException if the program is empty or the time limit is not positive
     */
    public PodmanOptions {
        program = List.copyOf(program);
        if (program.isEmpty()) {
            throw new IllegalArgumentException("the program that runs podman is empty: give at least one word");
        }
        Arguments.positive(connectWithin, "connectWithin");
    }

    /** {@return the default options} */
    public static PodmanOptions defaults() {
        return new PodmanOptions(List.of("podman"), null, Duration.ofSeconds(30));
    }

    /**
     * {@return a copy with this program}
     *
     * @param words the program and its first arguments, for example {@code podman --log-level=debug}
     */
    public PodmanOptions withProgram(String... words) {
        return new PodmanOptions(List.of(words), user, connectWithin);
    }

    /**
     * {@return a copy with this user}
     *
     * @param name a user name or id, optionally with a group: {@code tester}, {@code 1000:1000}
     */
    public PodmanOptions withUser(String name) {
        return new PodmanOptions(program, name, connectWithin);
    }

    /**
     * {@return a copy with this time limit}
     *
     * @param within the time limit for connecting, and for starting a command
     */
    public PodmanOptions withConnectWithin(Duration within) {
        return new PodmanOptions(program, user, within);
    }
}
