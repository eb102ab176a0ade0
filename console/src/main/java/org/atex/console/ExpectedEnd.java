package org.atex.console;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.atex.api.PlainTest;
import org.atex.api.RunEvent;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * Estimates when a run ends: the expected time of all tests that have not ended, shared by as many as run at the same time,
 * but at least the longest test. A test without an expected duration is taken to last as long as the mean of those that have
 * ended. Not thread-safe.
 */
final class ExpectedEnd {
    /** Fewer tests say little about the others. */
    private static final int ENOUGH_ENDED = 5;

    private final Map<String, PlainTest> waiting = new HashMap<>();
    private final Map<String, RunEvent.TestStarted> running = new HashMap<>();
    /** The expected durations of waiting tests, and how many have each. */
    private final TreeMap<Duration, Integer> waitingTimes = new TreeMap<>();

    private Duration waitingTime = Duration.ZERO;
    private int waitingUnknown;
    private Duration endedTime = Duration.ZERO;
    private int ended;
    private int places = 1;

    ExpectedEnd(List<PlainTest> plan) {
        plan.forEach(this::waits);
    }

    private void waits(PlainTest test) {
        if (waiting.put(test.name(), test) == null) {
            count(test, 1);
        }
    }

    private void waitsNoMore(String name) {
        PlainTest test = waiting.remove(name);
        if (test != null) {
            count(test, -1);
        }
    }

    private void count(PlainTest test, int change) {
        Duration expected = test.expected();
        if (expected == null) {
            waitingUnknown += change;
        } else {
            waitingTime = waitingTime.plus(expected.multipliedBy(change));
            waitingTimes.merge(expected, change, (one, other) -> one + other == 0 ? null : one + other);
        }
    }

    void started(RunEvent.TestStarted start) {
        waitsNoMore(start.test().name());
        running.put(start.test().name(), start);
        places = Math.max(1, running.size());
    }

    void ended(TestRecord record) {
        waitsNoMore(record.name());
        RunEvent.TestStarted start = running.remove(record.name());
        if (start != null) {
            endedTime = endedTime.plus(record.took());
            ended++;
        }
        if (!record.last()) {
            waits(start == null ? record.test() : start.test());
        }
    }

    /** {@return how long the run is going to take; null if too little is known, or nothing is left} */
    @Nullable
    Duration left(Instant now) {
        boolean hasUnknown = waitingUnknown > 0
                || running.values().stream().anyMatch(start -> start.test().expected() == null);
        if (hasUnknown && ended < ENOUGH_ENDED || waiting.isEmpty() && running.isEmpty()) {
            return null;
        }
        Duration mean = ended == 0 ? Duration.ZERO : endedTime.dividedBy(ended);
        Duration work = waitingTime.plus(mean.multipliedBy(waitingUnknown));
        Duration longest = waitingTimes.isEmpty() ? Duration.ZERO : waitingTimes.lastKey();
        for (RunEvent.TestStarted start : running.values()) {
            Duration expected = start.test().expected();
            Duration left = (expected == null ? mean : expected).minus(Duration.between(start.at(), now));
            if (left.isPositive()) {
                work = work.plus(left);
                longest = left.compareTo(longest) > 0 ? left : longest;
            }
        }
        Duration shared = work.dividedBy(Math.min(places, waiting.size() + running.size()));
        return shared.compareTo(longest) > 0 ? shared : longest;
    }
}
