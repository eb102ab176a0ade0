package org.atex.api;

/**
 * Where a test is written, for readers of reports who want to open it. Immutable.
 *
 * @param file the path of a file, with slashes, relative to the root of the tree that the test comes from
 * @param line the line in it, from 1 upwards; 0 if that is not known
 */
public record TestSource(String file, int line) {
    /** Refuses what cannot be. */
    public TestSource {
        if (file.isBlank() || line < 0) {
            throw new IllegalArgumentException(
                    "a test's source needs a file and a line of at least 0, not '" + file + "' and " + line);
        }
    }

    /**
     * {@return a source of which the line is not known}
     *
     * @param file the path of a file, relative to the root of the tree that the test comes from
     */
    public static TestSource of(String file) {
        return new TestSource(file, 0);
    }

    /** {@return the file, and the line if it is known, as compilers print them} */
    @Override
    public String toString() {
        return line == 0 ? file : file + ":" + line;
    }
}
