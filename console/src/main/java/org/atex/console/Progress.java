package org.atex.console;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.atex.api.Excerpt;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.jspecify.annotations.Nullable;

/**
 * Prints the progress of a run. On a terminal, one status line is updated in place, and failures are printed above it.
 * Otherwise a line is printed for each test that starts or ends, and for each running test: every minute, and every
 * five minutes after the first ten. Below a test that did not pass are its failed parts, the last lines of its output
 * and the path of its log. A repeated reason is printed in full once, and then counted. A summary is printed at the
 * end, with the slowest tests, and a line that says how to run again only the tests that did not pass.
 *
 * <p>Text from tests and systems is escaped and truncated if it is very long. Lines begin with the run's platform
 * unless that is {@code default}, and are printed as a whole: several runs may share one console, each with its own
 * {@code Progress}.
 *
 * <p>An instance serves one run at a time. Not thread-safe: a run delivers its events one after another.
 */
public final class Progress implements RunListener {
    private static final int LAST_LINES = 8;

    private final Console console;
    private final Details details;
    private final @Nullable Path runs;
    private RunLines run;

    private Progress(Console console, Details details, @Nullable Path runs) {
        this.console = console;
        this.details = details;
        this.runs = runs;
        this.run = new RunLines(console, details, runs, Instant.EPOCH, List.of());
    }

    /**
     * {@return progress on standard output, with a status line if that is a terminal} Prints plain lines on terminals
     * without cursor control ({@code TERM=dumb}) and if {@code NO_COLOR} is set.
     */
    public static Progress onConsole() {
        return of(System.out, canChange(isTerminal(), System.getenv()));
    }

    static boolean canChange(boolean terminal, Map<String, String> environment) {
        return terminal
                && !"dumb".equals(environment.get("TERM"))
                && environment.getOrDefault("NO_COLOR", "").isEmpty();
    }

    /** Returns whether standard output is a terminal. {@code System.console()} checks input and output together. */
    private static boolean isTerminal() {
        try {
            String output = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return output.startsWith("/dev/pts/") || output.startsWith("/dev/tty");
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * {@return progress in plain lines, for logs}
     *
     * @param out the stream to print to
     */
    public static Progress plain(PrintStream out) {
        return of(out, false);
    }

    /**
     * {@return progress for a terminal, with a status line that is updated in place}
     *
     * @param out the stream to print to
     */
    public static Progress changing(PrintStream out) {
        return of(out, true);
    }

    private static Progress of(PrintStream out, boolean changing) {
        return new Progress(new Console(out, changing), new Details(LAST_LINES), null);
    }

    /**
     * {@return a copy that prints at most the given number of output lines below a test that did not pass} The events
     * contain a limited number of lines, see {@link Excerpt}.
     *
     * @param count the number of lines; default: 8; 0 prints none
     * @throws IllegalArgumentException if it is negative
     */
    public Progress withLastLines(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("progress cannot print " + count + " last lines: give 0 or more");
        }
        return new Progress(console, new Details(count), runs);
    }

    /**
     * {@return a copy that knows where the run is kept} Its summary has a line of Java that runs again only the tests that
     * did not pass. Without it, there is such a line for at most ten tests, with their names.
     *
     * @param directory the directory that the builder of the run gets by {@code keep(directory)}
     */
    public Progress withRuns(Path directory) {
        return new Progress(console, details, directory);
    }

    @Override
    public void on(RunEvent event) {
        if (event instanceof RunEvent.RunStarted(var stamp, var plan, String platform)) {
            String prefix = platform.equals(RunEvent.RunStarted.DEFAULT_PLATFORM) ? "" : Text.name(platform) + " ";
            run = new RunLines(console.withPrefix(prefix), details, runs, stamp.at(), plan);
        }
        run.on(event);
    }
}
