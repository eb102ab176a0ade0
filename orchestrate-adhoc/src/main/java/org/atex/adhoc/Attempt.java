package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import org.atex.api.Excerpt;
import org.atex.api.SystemInfo;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.SpooledAttempt;
import org.jspecify.annotations.Nullable;

/**
 * An attempt at a test that has ended.
 *
 * @param end how it ended
 * @param spooled its artifacts; null if it never started
 * @param excerpt the failed parts and the last lines of output, for reports
 * @param started the start time
 * @param took its duration
 * @param system the system, or null if it never started
 * @param slot the slot of the system
 */
record Attempt(
        TestEnd end,
        @Nullable SpooledAttempt spooled,
        Excerpt excerpt,
        Instant started,
        Duration took,
        @Nullable SystemInfo system,
        int slot) {
    /** Returns an attempt that never started. */
    static Attempt never(TestEnd end, Instant now) {
        return new Attempt(end, null, Excerpt.none(), now, Duration.ZERO, null, 0);
    }

    Attempt withEnd(TestEnd other) {
        return new Attempt(other, spooled, excerpt, started, took, system, slot);
    }

    TestRecord record(Platforms platforms, PlannedTest test, int number, TestEnd how, boolean last) {
        return TestRecord.of(platforms.of(system), test.facts, how)
                .withAttempt(number, last)
                .withCause(test.cause(number))
                .withTimes(started, took)
                .withSystem(system, slot);
    }
}
