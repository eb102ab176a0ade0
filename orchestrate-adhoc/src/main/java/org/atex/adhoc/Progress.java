package org.atex.adhoc;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.atex.api.Excerpt;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;

/**
 * Shows people how a run goes. On a terminal one line is kept up to date, and what failed is printed above it. Elsewhere
 * there is a line for each test that starts or ends, and for each that still runs: each minute of its run, and each five
 * minutes after the first ten. Below a test that did not pass are its failed parts, the last lines of its output and the
 * path of its log. The same reason is printed in full once, and then counted. At the end there is a summary.
 *
 * <p>Whatever comes from tests and systems is escaped, and cut if it is very long. Lines begin with the run's platform
 * unless that is {@code default}, and are printed as a whole: several runs may print to one console, each with a
 * {@code Progress} of its own.
 *
 * <p>For one run at a time; not thread-safe, as events come one after another.
 */
public final class Progress implements RunListener {
    private static final int LAST_LINES = 8;
    private static final String UNNAMED = "default";

    private final Console console;
    private final Details details;
    private RunLines run;

    private Progress(Console console, Details details) {
        this.console = console;
        this.details = details;
        this.run = new RunLines(console, details, Instant.EPOCH, 0);
    }

    /**
     * {@return progress on standard output, with a changing line if that is a terminal} It is plain on terminals without
     * a cursor ({@code TERM=dumb}) and where {@code NO_COLOR} is set.
     */
    public static Progress onConsole() {
        return of(System.out, canChange(isTerminal(), System.getenv()));
    }

    static boolean canChange(boolean terminal, Map<String, String> environment) {
        return terminal
                && !"dumb".equals(environment.get("TERM"))
                && environment.getOrDefault("NO_COLOR", "").isEmpty();
    }

    /** The JDK tells since 22 only, and then of standard input and output together. */
    private static boolean isTerminal() {
        try {
            String output = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return output.startsWith("/dev/pts/") || output.startsWith("/dev/tty");
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * {@return progress in plain lines}
     *
     * @param out where to print it
     */
    public static Progress plain(PrintStream out) {
        return of(out, false);
    }

    /**
     * {@return progress on a terminal, with a line that changes}
     *
     * @param out where to print it
     */
    public static Progress changing(PrintStream out) {
        return of(out, true);
    }

    private static Progress of(PrintStream out, boolean changing) {
        return new Progress(new Console(out, changing), new Details(LAST_LINES));
    }

    /**
     * {@return a copy that prints up to so many lines of output below a test that did not pass} It prints no more than
     * the run hands out, see {@link Excerpt}.
     *
     * @param count how many, 8 unless said; 0 prints none
     * @throws IllegalArgumentException if it is negative
     */
    public Progress withLastLines(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("progress cannot print " + count + " last lines: give 0 or more");
        }
        return new Progress(console, new Details(count));
    }

    @Override
    public void on(RunEvent event) {
        if (event instanceof RunEvent.RunStarted(var stamp, var plan, String platform)) {
            String prefix = platform.equals(UNNAMED) ? "" : Text.name(platform) + " ";
            run = new RunLines(console.withPrefix(prefix), details, stamp.at(), plan.size());
        }
        run.on(event);
    }
}
