package org.atex.api;

/**
 * The file that defines a test, and the line in it. Reports link to it. Immutable.
 *
 * @param file the path of the file, with slashes, relative to the root of the tree of tests
 * @param line the line, from 1 upwards; 0 if it is not known
 */
public record TestSource(String file, int line) {
    /**
     * Checks the file and the line.
     *
     * @throws IllegalArgumentException if the file is blank or the line is negative
     */
    public TestSource {
        if (file.isBlank() || line < 0) {
            throw new IllegalArgumentException(
                    "the source of a test needs a file and a line of at least 0, not '" + file + "' and " + line);
        }
    }

    /**
     * {@return a source without a line}
     *
     * @param file the path of the file, with slashes, relative to the root of the tree of tests
     */
    public static TestSource of(String file) {
        return new TestSource(file, 0);
    }

    /** {@return {@code file:line}, or the file alone if the line is not known} */
    @Override
    public String toString() {
        return line == 0 ? file : file + ":" + line;
    }
}
