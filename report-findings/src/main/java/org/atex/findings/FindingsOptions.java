package org.atex.findings;

import java.nio.file.Path;
import org.atex.artifacts.History;
import org.jspecify.annotations.Nullable;

/** Options of {@link Findings}. Immutable and thread-safe; each {@code with} method returns a changed copy. */
public final class FindingsOptions {
    /** The smallest limit of a file: 16 KiB. The head, which is always written, needs less. */
    public static final int LEAST_BYTES = 16 << 10;

    private static final FindingsOptions DEFAULTS = new FindingsOptions();

    private History history = History.empty();
    private @Nullable Path runs;
    private String sources = "";
    private int maxJsonBytes = 256 << 10;
    private int maxMarkdownBytes = 256 << 10;
    private int maxLastLines = 20;

    private FindingsOptions() {}

    /**
     * {@return the default options: no history, 256 KiB for each of JSON and Markdown, and 20 last lines of each test}
     */
    public static FindingsOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy with the attempts of earlier runs, which tell since when a test fails} For former runs that are
     * kept, such as a baseline, give {@link History#of(org.atex.artifacts.PastRun)}.
     *
     * @param earlier the history; it may contain the run itself
     */
    public FindingsOptions withHistory(History earlier) {
        FindingsOptions copy = copy();
        copy.history = earlier;
        return copy;
    }

    /**
     * {@return a copy that knows where the run is kept} With it, the line that runs the failed tests again needs no names,
     * and the findings of a resumed run have the output of tests that the killed program had run.
     *
     * @param directory the directory that the builder of the run gets by {@code keep(directory)}
     */
    public FindingsOptions withRuns(Path directory) {
        FindingsOptions copy = copy();
        copy.runs = directory;
        return copy;
    }

    /**
     * {@return a copy with another prefix for the files that define tests}
     *
     * @param base the path of the root of the tests, for readers: relative to the project, such as {@code tests}
     */
    public FindingsOptions withSources(String base) {
        FindingsOptions copy = copy();
        copy.sources = base.isEmpty() || base.endsWith("/") ? base : base + "/";
        return copy;
    }

    /**
     * {@return a copy with another limit for JSON}
     *
     * @param bytes the limit in bytes, at least {@link #LEAST_BYTES}
     * @throws IllegalArgumentException if it is lower
     */
    public FindingsOptions withMaxJsonBytes(int bytes) {
        FindingsOptions copy = copy();
        copy.maxJsonBytes = requireEnough(bytes);
        return copy;
    }

    /**
     * {@return a copy with another limit for Markdown}
     *
     * @param bytes the limit in bytes, at least {@link #LEAST_BYTES}
     * @throws IllegalArgumentException if it is lower
     */
    public FindingsOptions withMaxMarkdownBytes(int bytes) {
        FindingsOptions copy = copy();
        copy.maxMarkdownBytes = requireEnough(bytes);
        return copy;
    }

    static int requireEnough(int bytes) {
        if (bytes < LEAST_BYTES) {
            throw new IllegalArgumentException(
                    "the limit of findings is " + bytes + " bytes, but must be at least " + LEAST_BYTES);
        }
        return bytes;
    }

    /**
     * {@return a copy with another number of last lines of each test} The findings of a run that goes on have at most the
     * number that its builder gets by {@code lastLines(count)}.
     *
     * @param count the maximum; 0 for none
     * @throws IllegalArgumentException if it is negative
     */
    public FindingsOptions withMaxLastLines(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("findings cannot have " + count + " last lines: give 0 or more");
        }
        FindingsOptions copy = copy();
        copy.maxLastLines = count;
        return copy;
    }

    private FindingsOptions copy() {
        FindingsOptions copy = new FindingsOptions();
        copy.history = history;
        copy.runs = runs;
        copy.sources = sources;
        copy.maxJsonBytes = maxJsonBytes;
        copy.maxMarkdownBytes = maxMarkdownBytes;
        copy.maxLastLines = maxLastLines;
        return copy;
    }

    History history() {
        return history;
    }

    @Nullable
    Path runs() {
        return runs;
    }

    String sources() {
        return sources;
    }

    int maxJsonBytes() {
        return maxJsonBytes;
    }

    int maxMarkdownBytes() {
        return maxMarkdownBytes;
    }

    int maxLastLines() {
        return maxLastLines;
    }
}
