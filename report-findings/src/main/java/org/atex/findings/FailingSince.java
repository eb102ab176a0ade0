package org.atex.findings;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.Outcome;
import org.atex.api.Verdict;
import org.atex.artifacts.TestHistory;
import org.jspecify.annotations.Nullable;

/**
 * Since when a test fails, as far as the history knows. The last attempt of a run decides whether the test failed in
 * it. Immutable.
 *
 * @param run the id of the first run in which it failed
 * @param started the start of the attempt in that run
 * @param runs the number of runs in which it has failed since, this one included
 * @param lastPassed the start of the last attempt that passed, or null if none is known: the test may have failed for
 *     longer
 */
public record FailingSince(
        String run, Instant started, int runs, @Nullable Instant lastPassed) {
    /** {@return whether this run is the first one in which it fails} */
    public boolean isNew() {
        return runs == 1;
    }

    /** {@return since when the test fails, or null if there is no earlier attempt at it} */
    static @Nullable FailingSince of(TestHistory history, String run, Instant started) {
        Map<String, TestHistory.End> lastOfRun = new LinkedHashMap<>();
        for (TestHistory.End end : history.ends()) {
            boolean isEarlier = !end.run().equals(run) && end.started().isBefore(started);
            if (isEarlier && end.outcome() != Outcome.SKIPPED) {
                // Removed first: attempts of two runs at the same time may alternate.
                lastOfRun.remove(end.run());
                lastOfRun.put(end.run(), end);
            }
        }
        if (lastOfRun.isEmpty()) {
            return null;
        }
        FailingSince since = new FailingSince(run, started, 1, null);
        List<TestHistory.End> ends = new ArrayList<>(lastOfRun.values());
        for (TestHistory.End end : ends.reversed()) {
            if (end.outcome().verdict() != Verdict.FAILED) {
                return new FailingSince(since.run(), since.started(), since.runs(), end.started());
            }
            since = new FailingSince(end.run(), end.started(), since.runs() + 1, null);
        }
        return since;
    }
}
