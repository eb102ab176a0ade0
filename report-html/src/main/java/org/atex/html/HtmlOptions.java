package org.atex.html;

import java.time.Duration;
import org.atex.artifacts.History;
import org.atex.artifacts.PastRun;
import org.jspecify.annotations.Nullable;

/** Options of an {@link HtmlReport}. Immutable and thread-safe; each {@code with} method returns a changed copy. */
public final class HtmlOptions {
    private static final HtmlOptions DEFAULTS = new HtmlOptions();

    private String title = "Test report";
    private int maxFileBytes = 64 << 10;
    private long maxTextBytes = 8L << 20;
    private boolean filesOfPassed;
    private boolean resume;
    private Duration pause = Duration.ofSeconds(3);
    private History history = History.empty();
    private @Nullable PastRun former;

    private HtmlOptions() {}

    /**
     * {@return the default options: the title "Test report", files of up to 64 KiB inside the page, 8 MiB of output
     * inside the page, no files of passed attempts, and 3 s between two versions of the page}
     */
    public static HtmlOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy with another title of the page}
     *
     * @param text the title
     */
    public HtmlOptions withTitle(String text) {
        HtmlOptions copy = copy();
        copy.title = text;
        return copy;
    }

    /**
     * {@return a copy with another limit for each file inside the page} Larger files, and files that are not text, are
     * stored beside the page.
     *
     * @param bytes the limit in bytes; 0 to store all files beside the page
     * @throws IllegalArgumentException if it is negative
     */
    public HtmlOptions withMaxFileBytes(int bytes) {
        requirePositive("of a file inside the page", bytes);
        HtmlOptions copy = copy();
        copy.maxFileBytes = bytes;
        return copy;
    }

    /**
     * {@return a copy with another limit for the failed parts, last lines and files of all attempts inside the page}
     * When it is reached, the page has the numbers of failed parts of further attempts, and their files are stored
     * beside it.
     *
     * @param bytes the limit in bytes
     * @throws IllegalArgumentException if it is negative
     */
    public HtmlOptions withMaxTextBytes(long bytes) {
        requirePositive("of all output inside the page", bytes);
        HtmlOptions copy = copy();
        copy.maxTextBytes = bytes;
        return copy;
    }

    private static void requirePositive(String what, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the limit " + what + " must not be negative: " + bytes + " bytes");
        }
    }

    /** {@return a copy that keeps the files of attempts that passed, too} */
    public HtmlOptions withFilesOfPassed() {
        HtmlOptions copy = copy();
        copy.filesOfPassed = true;
        return copy;
    }

    /**
     * {@return a copy that continues the page of a run that did not close it, because its program was killed} Otherwise
     * that page is completed and renamed.
     */
    public HtmlOptions withResume() {
        HtmlOptions copy = copy();
        copy.resume = true;
        return copy;
    }

    /**
     * {@return a copy with another pause between two versions of the page during a run}
     *
     * @param time the pause, at least 100 ms; it is longer while writing the page takes long
     * @throws IllegalArgumentException if it is shorter
     */
    public HtmlOptions withPause(Duration time) {
        if (time.toMillis() < 100) {
            throw new IllegalArgumentException(
                    "the pause between two versions of a page is " + time + ", but must be at least 100 ms");
        }
        HtmlOptions copy = copy();
        copy.pause = time;
        return copy;
    }

    /**
     * {@return a copy that shows the last attempts at each test in earlier runs}
     *
     * @param earlier the history
     */
    public HtmlOptions withHistory(History earlier) {
        HtmlOptions copy = copy();
        copy.history = earlier;
        return copy;
    }

    /**
     * {@return a copy that compares the tests with those of a former run}
     *
     * @param run the former run
     */
    public HtmlOptions withFormer(PastRun run) {
        HtmlOptions copy = copy();
        copy.former = run;
        return copy;
    }

    private HtmlOptions copy() {
        HtmlOptions copy = new HtmlOptions();
        copy.title = title;
        copy.maxFileBytes = maxFileBytes;
        copy.maxTextBytes = maxTextBytes;
        copy.filesOfPassed = filesOfPassed;
        copy.resume = resume;
        copy.pause = pause;
        copy.history = history;
        copy.former = former;
        return copy;
    }

    String title() {
        return title;
    }

    int maxFileBytes() {
        return maxFileBytes;
    }

    long maxTextBytes() {
        return maxTextBytes;
    }

    boolean filesOfPassed() {
        return filesOfPassed;
    }

    boolean resume() {
        return resume;
    }

    History history() {
        return history;
    }

    @Nullable
    PastRun former() {
        return former;
    }

    Duration pause() {
        return pause;
    }
}
