package org.atex.examples;

import java.io.File;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The class path of the programs that tests start. */
final class ClassPath {
    private ClassPath() {}

    /**
     * {@return the class path of the tests without JBang and its libraries}
     *
     * <p>No user's program has them, and a JVM opens all jars of its class path when it looks for a missing file.
     */
    static String ofPrograms() {
        // Maven adds the libraries of a dependency behind it, and JBang is the last one.
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .takeWhile(entry -> !entry.contains("jbang-cli"))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
