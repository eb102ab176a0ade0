package org.atex.fmf;

import java.util.List;

/** One thing that a plan does to a system before its tests. Immutable. */
public sealed interface PrepareStep {
    /**
     * Runs a script; {@code how: shell}.
     *
     * @param text what bash runs, with {@code set -e}
     */
    record Script(String text) implements PrepareStep {}

    /**
     * Installs packages, all in one transaction; {@code how: install}.
     *
     * @param packages their names
     */
    record Install(List<String> packages) implements PrepareStep {
        /** Copies the list. */
        public Install {
            packages = List.copyOf(packages);
        }
    }
}
