package org.atex.podman;

import java.util.List;

/**
 * The names of the four named pipes of one command, in the directory of the resident shell. The directory cannot be
 * listed by other users of the container, and the names are random, so other users cannot open the pipes.
 *
 * @param base the common prefix of the names, 128 random bits in hexadecimal
 */
record PipeNames(String base) {
    /** {@return the pipe on which the container side reports the process id and the end of the command} */
    String status() {
        return base + ".s";
    }

    String in() {
        return base + ".i";
    }

    String out() {
        return base + ".o";
    }

    String err() {
        return base + ".e";
    }

    /** {@return the names of the pipes, and of the file in which a shell leaves the exit code} */
    List<String> removed() {
        return List.of(status(), in(), out(), err(), base + ".c");
    }

    List<String> all() {
        return List.of(status(), in(), out(), err());
    }
}
