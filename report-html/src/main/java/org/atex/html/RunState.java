package org.atex.html;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestRecord;
import org.atex.artifacts.Excerpts;

/**
 * Makes entries of the events of runs, and knows the running tests, which are in the last entry of a page only. Not
 * thread-safe.
 */
final class RunState {
    /** The number of running tests whose output is in a page. */
    private static final int OUTPUTS = 100;

    private static final int OUTPUT_LINES = 10;

    private record RunningKey(String run, String test) {}

    private final Entries entries;
    private final Map<RunningKey, RunEvent.TestStarted> running = new LinkedHashMap<>();
    private final Map<String, String> platforms = new LinkedHashMap<>();
    private final Set<String> open = new HashSet<>();
    private boolean hasEnded;
    private String waiting = "";
    /** The reason in the latest entry about waiting tests. */
    private String lastWhy = "";

    private String paused = "";

    RunState(Entries entries) {
        this.entries = entries;
    }

    /** {@return whether the page may have to change soon} */
    boolean on(RunEvent event) {
        switch (event) {
            // The output of running tests may have changed.
            case RunEvent.Heartbeat pulse -> {
                return !running.isEmpty();
            }
            case RunEvent.RunStarted started -> started(started);
            case RunEvent.RunEnded ended -> ended(ended);
            case RunEvent.TestStarted started ->
                running.put(new RunningKey(started.stamp().run(), started.test().name()), started);
            case RunEvent.TestFinished finished -> finished(finished.stamp(), finished.record());
            case RunEvent.Waiting wait -> waiting(wait);
            case RunEvent.SystemReady ready ->
                entries.add(of(event, "ready")
                        .put("s", entries.system(ready.system()))
                        .put("a", ready.sinceAsked().toMillis())
                        .put("u", ready.setup().toMillis()));
            case RunEvent.SystemGone gone ->
                entries.add(of(event, "gone")
                        .put("s", entries.system(gone.system()))
                        .put("n", Entries.cut(gone.why())));
            case RunEvent.SystemHeld held ->
                entries.add(of(event, "held")
                        .put("s", entries.system(held.system()))
                        .put("n", held.test())
                        .put("b", held.until().toEpochMilli()));
            case RunEvent.Paused pause -> {
                paused = Entries.cut(pause.why());
                entries.add(of(event, "paused").put("n", paused));
            }
            default -> other(event);
        }
        return true;
    }

    private void other(RunEvent event) {
        switch (event) {
            case RunEvent.SystemsRequested asked ->
                entries.add(of(event, "asked").put("h", asked.provisioner()).put("c", asked.count()));
            case RunEvent.SetupFailed failed ->
                entries.add(of(event, "setupFailed").put("h", failed.system()).put("n", Entries.cut(failed.why())));
            case RunEvent.HostQuarantined host ->
                entries.add(of(event, "quarantined").put("h", host.host()).put("n", Entries.cut(host.why())));
            case RunEvent.FixtureStarted fixture ->
                entries.add(of(event, "fixture")
                        .put("h", fixture.fixture())
                        .put("n", fixture.where())
                        .put("a", fixture.took().toMillis()));
            case RunEvent.FixtureFinished fixture -> {
                if (!fixture.problem().isEmpty()) {
                    entries.add(of(event, "fixtureFailed")
                            .put("h", fixture.fixture())
                            .put("n", Entries.cut(fixture.problem())));
                }
            }
            case RunEvent.Abandoned call ->
                entries.add(of(event, "abandoned")
                        .put("h", Entries.cut(call.call()))
                        .put("a", call.limit().toMillis()));
            case RunEvent.Ingested ingested -> {
                if (!ingested.problem().isEmpty()) {
                    entries.add(of(event, "notStored")
                            .put("h", ingested.record().name())
                            .put("n", Entries.cut(ingested.problem())));
                }
            }
            default -> {}
        }
    }

    private static Line of(RunEvent event, String type) {
        return Line.of(EntryKind.EVENT)
                .put("y", type)
                .put("t", event.at().toEpochMilli())
                .put("r", event.stamp().run());
    }

    private void waiting(RunEvent.Waiting wait) {
        String why = Entries.cut(wait.why());
        waiting = wait.tests() + ": " + why;
        if (!why.equals(lastWhy)) {
            lastWhy = why;
            entries.add(of(wait, "waiting").put("n", why));
        }
    }

    private void started(RunEvent.RunStarted started) {
        String run = started.stamp().run();
        open.add(run);
        platforms.put(run, started.platform());
        entries.add(started.platform(), started.plan());
        entries.add(Line.of(EntryKind.RUN)
                .put("r", run)
                .put("t", started.at().toEpochMilli())
                .put("p", started.platform())
                .put("c", started.plan().size()));
    }

    private void finished(RunEvent.Stamp stamp, TestRecord record) {
        running.remove(new RunningKey(stamp.run(), record.name()));
        waiting = "";
    }

    private void ended(RunEvent.RunEnded ended) {
        String run = ended.stamp().run();
        open.remove(run);
        hasEnded = true;
        platforms.remove(run);
        running.keySet().removeIf(key -> key.run().equals(run));
        waiting = "";
        RunSummary summary = ended.summary();
        List<String> problems = new ArrayList<>();
        for (Problem problem : summary.problems()) {
            problems.add(Line.empty()
                    .put("n", Entries.cut(problem.message()))
                    .put("v", problem.verdict().name())
                    .end());
        }
        entries.add(Line.of(EntryKind.END)
                .put("r", run)
                .put("t", ended.at().toEpochMilli())
                .put("d", summary.took().toMillis())
                .put("v", summary.verdict().name())
                .putObjects("p", problems));
    }

    /** {@return whether a run goes on} */
    boolean isOpen() {
        return !open.isEmpty();
    }

    /** {@return whether the page will change: a run goes on, or no run has sent events} */
    boolean isLive() {
        return isOpen() || !hasEnded;
    }

    /**
     * A running test.
     *
     * @param test its number
     * @param system the number of its system
     * @param start its start
     */
    record Running(int test, int system, RunEvent.TestStarted start) {
        /** {@return an object for the last entry} With output, this reads files. */
        private String line(boolean withOutput) {
            List<String> output = Excerpts.lastLines(start.artifacts(), withOutput ? OUTPUT_LINES : 0);
            return Line.empty()
                    .put("i", test)
                    .put("s", system)
                    .put("b", start.slot())
                    .put("a", start.attempt())
                    .put("t", start.at().toEpochMilli())
                    .put("e", output)
                    .end();
        }
    }

    /** {@return the running tests, in the order in which they started} */
    List<Running> running() {
        List<Running> tests = new ArrayList<>();
        for (RunEvent.TestStarted start : running.values()) {
            String platform = platforms.getOrDefault(start.stamp().run(), RunEvent.RunStarted.DEFAULT_PLATFORM);
            tests.add(new Running(entries.test(platform, start.test()), entries.system(start.system()), start));
        }
        return tests;
    }

    /** {@return objects for the last entry, of which the first have the end of the output so far} This reads files. */
    static List<String> lines(List<Running> tests) {
        List<String> lines = new ArrayList<>();
        tests.forEach(test -> lines.add(test.line(lines.size() < OUTPUTS)));
        return lines;
    }

    /** Adds the reasons why tests do not run. */
    void addTo(Line now) {
        now.put("w", waiting).put("p", paused);
    }
}
