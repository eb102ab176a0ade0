package org.atex.console;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.atex.api.Excerpt;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.RunEvent;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.support.CommandScript;
import org.atex.support.Plural;
import org.atex.support.RepeatCounter;
import org.jspecify.annotations.Nullable;

/** Formats the events of one run as lines. Uses the times of the events, and no clock. Not thread-safe. */
final class RunLines {
    /** The name of a provisioner without a name of its own, if it is the first; usually the only one. */
    private static final String FIRST_UNNAMED = "provisioner 1";

    /** An attempt at a test. */
    private record Attempt(String test, int number) {}

    private final Console console;
    private final Details details;
    private final @Nullable Path runs;
    private final Instant begin;
    private final int planned;
    private final ExpectedEnd end;

    private final RunningTests running = new RunningTests();
    private final RepeatCounter reasons = new RepeatCounter();
    private final RepeatCounter outputs = new RepeatCounter();
    private final List<RunEvent.Abandoned> abandoned = new ArrayList<>();
    private final Map<String, Excerpt> earlier = new HashMap<>();
    private final Set<Attempt> withLog = new HashSet<>();
    private int done;
    private int failed;
    private int systems;
    private String waiting = "";

    private final List<String> lines = new ArrayList<>();
    private Instant lastPrinted;
    private Reminder silence = new Reminder();

    /**
     * Creates an object without lines.
     *
     * @param runs the directory in which the run is kept, or null if it is not known
     */
    RunLines(Console console, Details details, @Nullable Path runs, Instant begin, List<PlainTest> plan) {
        this.console = console;
        this.details = details;
        this.runs = runs;
        this.begin = begin;
        this.lastPrinted = begin;
        this.planned = plan.size();
        this.end = new ExpectedEnd(plan);
    }

    void on(RunEvent event) {
        if (event instanceof RunEvent.RunEnded(var stamp, var summary)) {
            // The class Spool of the module artifacts describes the names of directories.
            Path directory = runs == null ? null : runs.resolve("run-" + stamp.run());
            console.print(new Summary(summary, details, earlier, directory).lines(abandoned));
            return;
        }
        lines.clear();
        collect(event);
        if (!lines.isEmpty()) {
            lastPrinted = event.at();
            silence = new Reminder();
        } else if (!console.changing() && silence.isDue(Duration.between(lastPrinted, event.at()))) {
            lines.add(stamp(event.at()) + status(event.at()));
        }
        console.print(
                lines,
                () -> Text.shown(Duration.between(begin, event.at())) + " " + done + "/" + planned + " done, "
                        + status(event.at()));
    }

    private void collect(RunEvent event) {
        switch (event) {
            case RunEvent.RunStarted started ->
                minor(started, planned(started.plan().size()));
            case RunEvent.SystemsRequested asked ->
                minor(asked, "asked for " + asked.count() + (asked.count() == 1 ? " system" : " systems") + of(asked));
            case RunEvent.SystemReady ready -> {
                systems++;
                minor(
                        ready,
                        "system " + Text.name(ready.system().name()) + " is ready after "
                                + Text.shown(ready.sinceAsked()) + " (setup " + Text.shown(ready.setup()) + ")");
            }
            case RunEvent.SystemGone gone -> {
                systems = Math.max(0, systems - 1);
                minor(gone, "system " + Text.name(gone.system().name()) + " is released" + Text.because(gone.why()));
            }
            case RunEvent.SetupFailed failure -> repeated(failure, failure.system(), " failed", failure.why());
            case RunEvent.HostQuarantined host ->
                major(host, Text.name(host.host()) + " is not used any more" + Text.because(host.why()));
            case RunEvent.SystemHeld held -> major(held, told(held));
            case RunEvent.TestStarted started -> started(started);
            case RunEvent.TestFinished finished -> finished(finished);
            case RunEvent.Ingested ingested -> ingested(ingested);
            case RunEvent.Waiting wait -> {
                String text = Plural.of(wait.tests(), "test", "waits", "wait") + " " + Text.reason(wait.why());
                if (!text.equals(waiting)) {
                    minor(wait, text);
                }
                waiting = text;
            }
            case RunEvent.FixtureStarted started ->
                minor(
                        started,
                        "fixture " + Text.name(started.fixture()) + at(started.where()) + " is started after "
                                + Text.shown(started.took()));
            case RunEvent.FixtureFinished finished ->
                minor(
                        finished,
                        "fixture " + Text.name(finished.fixture()) + at(finished.where())
                                + (finished.problem().isEmpty() ? " is finished" : " could not be finished")
                                + Text.because(finished.problem()));
            case RunEvent.Abandoned call -> {
                abandoned.add(call);
                major(call, told(call));
            }
            case RunEvent.Paused paused ->
                major(
                        paused,
                        paused.why().isEmpty()
                                ? "tests are started again"
                                : "no test is started for now" + Text.because(paused.why()));
            case RunEvent.Heartbeat pulse -> {
                if (!console.changing()) {
                    running.reminders(pulse.at()).forEach(line -> minor(pulse, line));
                }
            }
            case RunEvent.RunEnded ended -> {}
        }
    }

    private static String at(String where) {
        return where.isEmpty() ? "" : " of " + Text.name(where);
    }

    private static String planned(int tests) {
        return Plural.of(tests, "test", "is planned", "are planned");
    }

    private static String of(RunEvent.SystemsRequested asked) {
        boolean isOnly = asked.provisioner().equals(FIRST_UNNAMED);
        return isOnly ? "" : " of " + Text.name(asked.provisioner());
    }

    static String told(RunEvent.Abandoned call) {
        return Text.reason(call.call()) + " did not return within " + Text.shown(call.limit())
                + ", and the run goes on without it";
    }

    private static String told(RunEvent.SystemHeld held) {
        String login = CommandScript.commandLine(held.login());
        String free = CommandScript.commandLine(List.of("rm", held.marker().toString()));
        return "system " + Text.name(held.system().name()) + " is held for "
                + Text.shown(Duration.between(held.at(), held.until())) + ", as " + Text.name(held.test())
                + " failed on it" + (login.isEmpty() ? "" : "; to enter it: " + Text.line(login)) + "; to free it: "
                + Text.line(free);
    }

    private void started(RunEvent.TestStarted start) {
        running.started(start);
        end.started(start);
        Duration usual = start.test().expected();
        String expected = usual == null ? "" : ", expected to take " + Text.shown(usual);
        minor(
                start,
                Text.headed(
                        "started",
                        Text.name(start.test().name()) + attempt(start.attempt()) + " on "
                                + Text.name(start.system().name()) + expected));
    }

    private static String attempt(int attempt) {
        return attempt > 1 ? " (attempt " + attempt + ")" : "";
    }

    private void finished(RunEvent.TestFinished event) {
        TestRecord record = event.record();
        running.ended(record.name());
        end.ended(record);
        Outcome outcome = record.end().outcome();
        // PASSED as a verdict includes skipped tests.
        boolean good = outcome.verdict() == Verdict.PASSED;
        if (record.last()) {
            done++;
            failed += record.verdict() == Verdict.PASSED ? 0 : 1;
        }
        if (record.attempt() > 0 && !good && !withLog.add(new Attempt(record.name(), record.attempt()))) {
            major(event, Text.headed(Text.word(outcome), Text.name(record.name()) + " is not run again after all"));
        } else if (outcome == Outcome.NOT_RUN) {
            notRun(event);
        } else if (good || record.known() != null && record.last()) {
            minor(event, text(record));
        } else {
            major(event, text(record));
            lines.addAll(details(event));
            if (!record.last()) {
                earlier.put(record.name(), event.excerpt());
            }
        }
    }

    private String text(TestRecord record) {
        KnownFailure rule = record.known();
        String note = rule == null ? Objects.requireNonNullElse(record.end().note(), "") : rule.toString();
        String shown = "";
        if (!note.isEmpty()) {
            boolean known = reasons.count(note, record.name()).again();
            shown = " (" + (known ? Text.gist(note) : Text.reason(note)) + ")";
        }
        String text = Text.name(record.name()) + attempt(record.attempt()) + shown + " in " + Text.shown(record.took())
                + (record.last() ? "" : ", and is run again");
        return Text.headed(rule == null ? Text.word(record.end().outcome()) : "known", text);
    }

    private List<String> details(RunEvent.TestFinished event) {
        List<String> below = details.of(event.excerpt());
        if (below.isEmpty()) {
            return below;
        }
        String test = event.record().name();
        RepeatCounter.Count count = outputs.count(String.join("\n", below), test);
        return count.again() ? List.of(Details.below("the same as below " + Text.name(count.first()))) : below;
    }

    /** Prints a test that was not run; repeated reasons are counted, as a failed run may have thousands. */
    private void notRun(RunEvent.TestFinished event) {
        String why = Objects.requireNonNullElse(event.record().end().note(), "");
        String test = event.record().name();
        RepeatCounter.Count count = reasons.count("not_run" + why, test);
        if (!count.again()) {
            major(event, Text.headed("not_run", Text.name(test) + Text.because(why)));
        } else if (count.isRound()) {
            major(
                    event,
                    Text.headed(
                            "not_run",
                            Plural.of(count.times(), "test") + " for the same reason as " + Text.name(count.first())));
        }
    }

    private void ingested(RunEvent.Ingested event) {
        TestRecord record = event.record();
        boolean wanted = withLog.contains(new Attempt(record.name(), record.attempt()));
        if (!event.problem().isEmpty()) {
            repeated(event, record.name(), " was not stored", event.problem());
        } else if (wanted && event.files() != null) {
            major(
                    event,
                    Text.headed(
                            "log",
                            Text.name(record.name()) + attempt(record.attempt()) + ": "
                                    + Details.logOf(event.files())));
        }
    }

    /** Prints the first failure in full, and repetitions as a count at 10, 100 and so on. */
    private void repeated(RunEvent event, String name, String what, String why) {
        RepeatCounter.Count count = reasons.count(what + why, name);
        if (!count.again()) {
            major(event, Text.name(name) + what + Text.because(why));
        } else if (count.isRound()) {
            major(event, Text.name(name) + what + ", the same reason " + count.times() + " ×: " + Text.gist(why));
        }
    }

    /** Adds a line that is always printed. */
    private void major(RunEvent event, String text) {
        lines.add(stamp(event.at()) + text);
    }

    /** Adds a line that is printed only without a status line. */
    private void minor(RunEvent event, String text) {
        if (!console.changing()) {
            major(event, text);
        }
    }

    private String stamp(Instant at) {
        return console.changing()
                ? ""
                : "[" + Text.shown(Duration.between(begin, at)) + " " + done + "/" + planned + "] ";
    }

    private String status(Instant now) {
        Duration left = end.left(now);
        return (left == null ? "" : "about " + Text.shown(left) + " left, ") + failed + " failed, " + systems
                + " systems, " + running;
    }
}
