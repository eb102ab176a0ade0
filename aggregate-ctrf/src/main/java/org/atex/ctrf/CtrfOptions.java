package org.atex.ctrf;

import java.util.Map;
import java.util.TreeMap;

/** Options of a {@link CtrfAggregator}. Immutable and thread-safe; each {@code with} method returns a changed copy. */
public final class CtrfOptions {
    private static final CtrfOptions DEFAULTS = new CtrfOptions();

    private Map<String, Object> environment = Map.of();
    private String sources = "";
    private int lastLines = 50;
    private boolean files = true;
    private boolean resume;
    private boolean duplicates;

    private CtrfOptions() {}

    /**
     * {@return the default options: no environment, the last 50 lines of the output of each failed attempt, all files, a
     * new report, each test once per platform}
     */
    public static CtrfOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy with another environment, which describes the run, such as the build under test}
     *
     * @param properties the values by name. The names of the format, such as {@code appVersion}, {@code buildName},
     *     {@code buildNumber}, {@code commit} and {@code testEnvironment}, become its fields; others are in {@code
     *     extra}.
     * @throws IllegalArgumentException if {@code buildNumber} is not an integer, or {@code healthy} not true or false
     */
    public CtrfOptions withEnvironment(Map<String, String> properties) {
        Map<String, Object> values = new TreeMap<>();
        properties.forEach((name, value) -> values.put(name, Environment.value(name, value)));
        CtrfOptions copy = copy();
        copy.environment = values;
        return copy;
    }

    /**
     * {@return a copy with another prefix for the source files of tests}
     *
     * @param base the path of the root of the tests, for the readers of the report: relative to the project, such as
     *     {@code tests}
     */
    public CtrfOptions withSources(String base) {
        CtrfOptions copy = copy();
        copy.sources = base.isEmpty() || base.endsWith("/") ? base : base + "/";
        return copy;
    }

    /**
     * {@return a copy with another number of lines from the end of the output of each attempt that did not pass}
     *
     * @param lines the maximum number of lines
     * @throws IllegalArgumentException if it is negative
     */
    public CtrfOptions withLastLines(int lines) {
        if (lines < 0) {
            throw new IllegalArgumentException("the number of lines must not be negative: " + lines);
        }
        CtrfOptions copy = copy();
        copy.lastLines = lines;
        return copy;
    }

    /** {@return a copy that stores no files} Their artifacts are deleted with the others of an attempt. */
    public CtrfOptions withoutFiles() {
        CtrfOptions copy = copy();
        copy.files = false;
        return copy;
    }

    /**
     * {@return a copy that continues the report of a run that did not close it, if there is one: its results are kept,
     * and a test that is stored again gets further attempts, numbered after the earlier ones}
     */
    public CtrfOptions withResume() {
        CtrfOptions copy = copy();
        copy.resume = true;
        return copy;
    }

    /**
     * {@return a copy that accepts a test again for the same platform, as {@code name (1)}, {@code name (2)} and so on}
     */
    public CtrfOptions withDuplicates() {
        CtrfOptions copy = copy();
        copy.duplicates = true;
        return copy;
    }

    private CtrfOptions copy() {
        CtrfOptions copy = new CtrfOptions();
        copy.environment = environment;
        copy.sources = sources;
        copy.lastLines = lastLines;
        copy.files = files;
        copy.resume = resume;
        copy.duplicates = duplicates;
        return copy;
    }

    Map<String, Object> environment() {
        return environment;
    }

    String sources() {
        return sources;
    }

    int lastLines() {
        return lastLines;
    }

    boolean files() {
        return files;
    }

    boolean resume() {
        return resume;
    }

    boolean duplicates() {
        return duplicates;
    }
}
