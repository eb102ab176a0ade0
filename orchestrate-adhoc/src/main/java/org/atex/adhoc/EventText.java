package org.atex.adhoc;

import java.util.Map;
import java.util.stream.Collectors;
import org.atex.api.Outcome;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.support.CommandScript;
import org.atex.support.Durations;
import org.atex.support.Plural;

/** Describes the events of a run in its log, except for those of single attempts, which the journal has. */
final class EventText {
    private EventText() {}

    /** {@return the text; empty for an event that is not logged} */
    static String of(RunEvent event) {
        return switch (event) {
            case RunEvent.RunStarted started ->
                "the run " + started.stamp().run() + " of "
                        + Plural.of(started.plan().size(), "test") + " starts on " + started.platform();
            case RunEvent.SystemsRequested asked ->
                "asked " + asked.provisioner() + " for " + Plural.of(asked.count(), "system");
            case RunEvent.SystemReady ready ->
                "the system " + ready.system().name() + " is ready after " + Durations.words(ready.sinceAsked())
                        + ", its setup took " + Durations.words(ready.setup());
            case RunEvent.SetupFailed failure -> failure.system() + " failed" + because(failure.why());
            case RunEvent.HostQuarantined host -> host.host() + " is not used any more" + because(host.why());
            case RunEvent.SystemHeld held ->
                "the system " + held.system().name() + " is held until " + held.until() + ", as " + held.test()
                        + " failed on it; to enter it: " + CommandScript.commandLine(held.login())
                        + "; to free it, delete " + held.marker();
            case RunEvent.SystemGone gone ->
                "the system " + gone.system().name() + " is released" + because(gone.why());
            case RunEvent.FixtureStarted started ->
                "the fixture " + started.fixture() + at(started.where()) + " is started after "
                        + Durations.words(started.took());
            case RunEvent.FixtureFinished finished ->
                "the fixture " + finished.fixture() + at(finished.where())
                        + (finished.problem().isEmpty() ? " is finished" : " could not be finished")
                        + because(finished.problem());
            case RunEvent.Abandoned call -> call.call() + " did not return within " + Durations.words(call.limit());
            case RunEvent.Paused paused ->
                paused.why().isEmpty()
                        ? "tests are started again"
                        : "no test is started for now" + because(paused.why());
            case RunEvent.Waiting wait -> Plural.of(wait.tests(), "test", "waits", "wait") + " " + wait.why();
            case RunEvent.RunEnded ended ->
                "the run has ended after " + Durations.words(ended.summary().took()) + ": " + counts(ended.summary());
            case RunEvent.Ingested ingested ->
                ingested.problem().isEmpty()
                        ? ""
                        : "the results of " + ingested.record().name() + " were not stored"
                                + because(ingested.problem());
            case RunEvent.TestStarted started -> "";
            case RunEvent.TestFinished finished -> "";
            case RunEvent.Heartbeat pulse -> "";
        };
    }

    private static String counts(RunSummary summary) {
        Map<Outcome, Integer> counts = summary.counts();
        return counts.isEmpty()
                ? "no test"
                : counts.entrySet().stream()
                        .map(count -> count.getValue() + " " + count.getKey().name())
                        .collect(Collectors.joining(", "));
    }

    private static String at(String where) {
        return where.isEmpty() ? "" : " of " + where;
    }

    private static String because(String why) {
        return why.isEmpty() ? "" : ": " + why;
    }
}
