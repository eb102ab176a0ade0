package org.atex.tap;

/** Options of a {@link TapAggregator}. Immutable and thread-safe; each {@code with} method returns a changed copy. */
public final class TapOptions {
    private static final int NEWEST = 14;
    private static final int OLDEST = 13;
    private static final TapOptions DEFAULTS = new TapOptions();

    private int version = NEWEST;
    private String sources = "";
    private int lastLines = 50;
    private boolean resume;
    private boolean duplicates;

    private TapOptions() {}

    /**
     * {@return the default options: version 14, the last 50 lines of the output of each attempt that did not pass, a new
     * report, each test once per platform}
     */
    public static TapOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy with another version of the protocol, for consumers that refuse version 14, such as {@code prove}
     * of Perl before TAP::Harness 3.46} In version 13, consumers ignore the parts of tests.
     *
     * @param number 13 or 14
     * @throws IllegalArgumentException if it is another number
     */
    public TapOptions withVersion(int number) {
        if (number < OLDEST || number > NEWEST) {
            throw new IllegalArgumentException("the version of TAP must be 13 or 14, not " + number);
        }
        TapOptions copy = copy();
        copy.version = number;
        return copy;
    }

    /**
     * {@return a copy with another prefix for the source files of tests}
     *
     * @param base the path of the root of the tests, for the readers of the report: relative to the project, such as
     *     {@code tests}
     */
    public TapOptions withSources(String base) {
        TapOptions copy = copy();
        copy.sources = base.isEmpty() || base.endsWith("/") ? base : base + "/";
        return copy;
    }

    /**
     * {@return a copy with another number of lines from the end of the output of each attempt that did not pass}
     *
     * @param lines the maximum number of lines
     * @throws IllegalArgumentException if it is negative
     */
    public TapOptions withLastLines(int lines) {
        if (lines < 0) {
            throw new IllegalArgumentException("the number of lines must not be negative: " + lines);
        }
        TapOptions copy = copy();
        copy.lastLines = lines;
        return copy;
    }

    /**
     * {@return a copy that continues the file of a run that did not close it, if there is one: its results are kept, and
     * a test that is stored again gets further attempts, numbered after the earlier ones} It has no effect on streams.
     */
    public TapOptions withResume() {
        TapOptions copy = copy();
        copy.resume = true;
        return copy;
    }

    /**
     * {@return a copy that accepts a test again for the same platform} In a file, it is stored as {@code name (1)},
     * {@code name (2)} and so on.
     */
    public TapOptions withDuplicates() {
        TapOptions copy = copy();
        copy.duplicates = true;
        return copy;
    }

    private TapOptions copy() {
        TapOptions copy = new TapOptions();
        copy.version = version;
        copy.sources = sources;
        copy.lastLines = lastLines;
        copy.resume = resume;
        copy.duplicates = duplicates;
        return copy;
    }

    int version() {
        return version;
    }

    String sources() {
        return sources;
    }

    int lastLines() {
        return lastLines;
    }

    boolean resume() {
        return resume;
    }

    boolean duplicates() {
        return duplicates;
    }
}
