package org.atex.adhoc;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.atex.api.Outcome;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.RunSummary;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;

/**
 * Shows people how a run goes. On a terminal one line is kept up to date, and what failed is printed above it; elsewhere
 * each test that ends is a line of its own. At the end there is a summary. For one run.
 */
public final class Progress implements RunListener {
    private static final int SHOWN_NAMES = 3;

    private final PrintStream out;
    private final boolean terminal;
    private final Map<String, Instant> running = new LinkedHashMap<>();
    private Instant begin = Instant.EPOCH;
    private int planned;
    private int done;
    private int failed;
    private int systems;

    private Progress(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** {@return progress on standard output, with a changing line if that is a terminal} */
    public static Progress onConsole() {
        return new Progress(System.out, isTerminal() && !"dumb".equals(System.getenv("TERM")));
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
        return new Progress(out, false);
    }

    /**
     * {@return progress on a terminal, with a line that changes}
     *
     * @param out where to print it
     */
    public static Progress changing(PrintStream out) {
        return new Progress(out, true);
    }

    @Override
    public void on(RunEvent event) {
        switch (event) {
            case RunEvent.RunStarted started -> {
                begin = started.at();
                planned = started.planned();
            }
            case RunEvent.SystemReady ready -> {
                systems++;
                line(ready.at(), "system " + ready.system() + " is ready after " + shown(ready.setup()), false);
            }
            case RunEvent.SystemGone gone -> {
                systems = Math.max(0, systems - 1);
                line(gone.at(), "system " + gone.system() + " is given back: " + gone.why(), false);
            }
            case RunEvent.SetupFailed failure ->
                line(failure.at(), failure.system() + " failed: " + failure.why(), true);
            case RunEvent.TestStarted started -> running.put(started.test(), started.at());
            case RunEvent.TestFinished finished -> finished(finished.at(), finished.record());
            case RunEvent.Ingested ingested -> {
                if (!ingested.problem().isEmpty()) {
                    line(ingested.at(), ingested.problem(), true);
                }
            }
            case RunEvent.Waiting waiting ->
                line(waiting.at(), waiting.tests() + " tests wait " + waiting.why(), false);
            case RunEvent.RunEnded ended -> {
                clear();
                summary(ended.summary());
                return;
            }
            case RunEvent.Abandoned abandoned ->
                line(abandoned.at(), abandoned.what() + " did not return within " + abandoned.limit(), true);
            case RunEvent.HostQuarantined quarantined ->
                line(quarantined.at(), quarantined.host() + " is not used any more: " + quarantined.why(), true);
            case RunEvent.Paused paused -> line(paused.at(), paused.why(), true);
            case RunEvent.Pulse pulse -> {}
            case RunEvent.SystemsAsked asked -> line(asked.at(), "asked for " + asked.count() + " systems", false);
        }
        if (terminal) {
            out.print("\r" + status(event.at()) + "\033[K");
            out.flush();
        }
    }

    private void finished(Instant at, TestRecord record) {
        running.remove(record.test());
        Outcome outcome = record.end().outcome();
        boolean good = outcome.verdict() == Verdict.PASSED;
        if (record.last()) {
            done++;
            failed += good ? 0 : 1;
        }
        String note =
                record.end().note() == null ? "" : " (" + printable(record.end().note()) + ")";
        String again = record.last() ? "" : ", and is run again";
        String text = String.format(
                Locale.ROOT,
                "%-9s %s%s%s in %s%s",
                outcome.name().toLowerCase(Locale.ROOT),
                printable(record.test()),
                record.attempt() > 1 ? " (attempt " + record.attempt() + ")" : "",
                note,
                shown(record.took()),
                again);
        line(at, text, !good);
    }

    /** Prints what happened: all of it where lines are cheap, only what matters above a changing line. */
    private void line(Instant at, String text, boolean matters) {
        if (!terminal) {
            out.println("[" + shown(Duration.between(begin, at)) + " " + done + "/" + planned + "] " + text);
        } else if (matters) {
            clear();
            out.println(text);
        }
    }

    private void clear() {
        if (terminal) {
            out.print("\r\033[K");
        }
    }

    private String status(Instant now) {
        StringBuilder names = new StringBuilder();
        running.keySet().stream()
                .limit(SHOWN_NAMES)
                .forEach(name -> names.append(names.isEmpty() ? ": " : ", ").append(printable(name)));
        return done + "/" + planned + " done, " + failed + " failed, " + systems + " systems, "
                + shown(Duration.between(begin, now)) + ", " + running.size() + " running" + names
                + (running.size() > SHOWN_NAMES ? " …" : "");
    }

    private void summary(RunSummary summary) {
        out.println();
        for (TestSummary test : summary.tests()) {
            Outcome outcome = test.end().outcome();
            if (outcome.verdict() != Verdict.PASSED || test.flaky()) {
                String how = test.flaky() ? "flaky" : outcome.name().toLowerCase(Locale.ROOT);
                String note = test.end().note() == null
                        ? ""
                        : ": " + printable(test.end().note());
                out.printf(Locale.ROOT, "%-9s %s%s%n", how, printable(test.test()), note);
            }
        }
        summary.problems().forEach(problem -> out.println("problem   " + printable(problem.what())));
        out.print(summary.tests().size() + " tests:");
        summary.counts()
                .forEach((outcome, count) ->
                        out.print(" " + count + " " + outcome.name().toLowerCase(Locale.ROOT)));
        out.println("; " + summary.verdict().name().toLowerCase(Locale.ROOT) + " in " + shown(summary.took()));
        out.flush();
    }

    /** Names and notes come from tests: what would move the cursor or ring the bell is shown, not done. */
    private static String printable(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (Character.isISOControl(c)) {
                printable.append(c == '\n' ? " " : String.format("\\x%02x", c));
            } else {
                printable.appendCodePoint(c);
            }
        });
        return printable.toString();
    }

    private static String shown(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%d.%d s", seconds, duration.toMillisPart() / 100);
        }
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d:%02d min", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d h", seconds / 3600, seconds / 60 % 60);
    }
}
