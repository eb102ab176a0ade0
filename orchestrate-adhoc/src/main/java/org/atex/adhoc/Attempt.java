package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.SystemInfo;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an attempt that has just ended.
 *
 * @param end how
 * @param artifacts what it left
 * @param excerpt the parts of that that people want to see first
 * @param started when
 * @param took how long
 * @param system where
 * @param slot in which place there
 */
record Attempt(
        TestEnd end,
        Artifacts artifacts,
        Excerpt excerpt,
        Instant started,
        Duration took,
        @Nullable SystemInfo system,
        int slot) {
    /** One that was never begun. */
    static Attempt never(TestEnd end, Instant now) {
        return new Attempt(end, Artifacts.none(), Excerpt.none(), now, Duration.ZERO, null, 0);
    }

    TestRecord record(Platforms platforms, PlannedTest test, int number, TestEnd how, boolean last) {
        return TestRecord.of(platforms.of(system), test.facts, how)
                .withAttempt(number, last)
                .withTimes(started, took)
                .withSystem(system, slot);
    }
}
