package org.atex.scenario;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/** Counts the occurrences of one event, for its part of the results. Thread-safe. */
final class EventTally {
    /** The number of occurrences of an event that have a part of their own. */
    static final int MAX_PARTS = 100;

    private final Event event;
    private final DurationCounts durations = new DurationCounts();
    private int parts;
    private long started;
    private long failures;
    private long stopped;
    private long abandoned;

    EventTally(Event event) {
        this.event = event;
    }

    synchronized void started() {
        started++;
    }

    synchronized void passed(long nanos) {
        durations.add(nanos);
    }

    synchronized void failed(long nanos) {
        durations.add(nanos);
        failures++;
    }

    /** An occurrence was interrupted because the whole scenario was stopped. */
    synchronized void stopped() {
        stopped++;
    }

    synchronized void abandoned() {
        abandoned++;
    }

    /** {@return the number of failures that let the scenario fail} */
    synchronized long seriousFailures() {
        return event.onFailure() == OnFailure.REPORT ? 0 : failures;
    }

    /** {@return whether one more occurrence may have a part of its own, which it then must have} */
    synchronized boolean takePart() {
        if (parts == MAX_PARTS) {
            return false;
        }
        parts++;
        return true;
    }

    /**
     * {@return the part of the event}
     *
     * @param skipped the number of occurrences that were due and did not start
     * @param files the files of the event
     */
    synchronized ReportedResult summary(long skipped, List<String> files) {
        Map<String, @Nullable Object> counts = new LinkedHashMap<>();
        counts.put("occurrences", started);
        counts.put("failures", failures);
        counts.put("skipped", skipped);
        counts.put("stopped", stopped);
        counts.put("abandoned", abandoned);
        if (!durations.isEmpty()) {
            Map<String, @Nullable Object> seconds = new LinkedHashMap<>();
            seconds.put("min", seconds(durations.min()));
            seconds.put("median", seconds(durations.median()));
            seconds.put("max", seconds(durations.max()));
            counts.put("seconds", seconds);
        }
        return ReportedResult.of(status(), note(skipped), files)
                .withName(event.name())
                .withMore(counts);
    }

    private Status status() {
        if (abandoned > 0) {
            return Status.ERROR;
        }
        if (failures > 0) {
            return event.onFailure() == OnFailure.REPORT ? Status.INFO : Status.FAIL;
        }
        return started > stopped ? Status.PASS : Status.SKIP;
    }

    private String note(long skipped) {
        List<String> words = new ArrayList<>();
        words.add(Plural.of(started, "occurrence"));
        add(words, failures, "failed");
        if (failures > MAX_PARTS) {
            words.add("of which " + MAX_PARTS + " have a part of their own");
        }
        add(words, skipped, "skipped");
        add(words, stopped, "stopped");
        add(words, abandoned, "abandoned");
        if (!durations.isEmpty()) {
            words.add(seconds(durations.min()) + " to " + seconds(durations.max()) + " s, median "
                    + seconds(durations.median()) + " s");
        }
        return String.join(", ", words);
    }

    private static void add(List<String> words, long count, String word) {
        if (count > 0) {
            words.add(count + " " + word);
        }
    }

    private static BigDecimal seconds(Duration duration) {
        return BigDecimal.valueOf(duration.toNanos(), 9).setScale(3, RoundingMode.HALF_UP);
    }
}
