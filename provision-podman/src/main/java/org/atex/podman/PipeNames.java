package org.atex.podman;

import java.util.List;

/**
 * The named pipes of one command, in the directory of the resident shell. Nobody who does not see into that directory can
 * guess them.
 *
 * @param base what their names begin with
 */
record PipeNames(String base) {
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

    List<String> all() {
        return List.of(status(), in(), out(), err());
    }
}
