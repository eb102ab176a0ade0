package org.atex.api;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one attempt at a test once it has ended, or of a test that never started.
 *
 * @param platform what the tests ran on, in the words of whoever planned the run
 * @param test the test's name
 * @param attempt 1 for the first; 0 for a test that never started
 * @param last whether no further attempt follows
 * @param end how it ended
 * @param started when, by the clock of this machine; setting it during a run does not change the distances within the run
 * @param took how long, by a clock that does not jump
 * @param system the name of the system, or null if it never had one
 * @param slot the place on that system, from 1 upwards; 0 if it never had one
 * @param source where the test is written, or null if nothing says so
 */
public record TestRecord(
        String platform,
        String test,
        int attempt,
        boolean last,
        TestEnd end,
        Instant started,
        Duration took,
        @Nullable String system,
        int slot,
        @Nullable TestSource source) {
    /** Refuses what cannot be. */
    public TestRecord {
        if (test.isEmpty()) {
            throw new IllegalArgumentException("a test record needs the test's name");
        }
        if (attempt < 0 || took.isNegative()) {
            throw new IllegalArgumentException(
                    "a test record of " + test + " cannot have attempt " + attempt + " or take " + took);
        }
    }

    /**
     * Makes the record of an attempt at a test of which no source is known.
     *
     * @param platform what the tests ran on, in the words of whoever planned the run
     * @param test the test's name
     * @param attempt 1 for the first; 0 for a test that never started
     * @param last whether no further attempt follows
     * @param end how it ended
     * @param started when, by the clock of this machine
     * @param took how long, by a clock that does not jump
     * @param system the name of the system, or null if it never had one
     * @param slot the place on that system, from 1 upwards; 0 if it never had one
     */
    public TestRecord(
            String platform,
            String test,
            int attempt,
            boolean last,
            TestEnd end,
            Instant started,
            Duration took,
            @Nullable String system,
            int slot) {
        this(platform, test, attempt, last, end, started, took, system, slot, null);
    }

    /**
     * {@return the record of a test's only attempt, just ended}
     *
     * @param platform what it ran on
     * @param test its name
     * @param end how it ended
     */
    public static TestRecord of(String platform, String test, TestEnd end) {
        return new TestRecord(platform, test, 1, true, end, Instant.now(), Duration.ZERO, null, 0);
    }

    /**
     * {@return the record of a test that never started}
     *
     * @param platform what it would have run on
     * @param test its name
     * @param why the reason, for people
     */
    public static TestRecord notRun(String platform, String test, String why) {
        TestEnd end = TestEnd.of(Outcome.NOT_RUN, why);
        return new TestRecord(platform, test, 0, true, end, Instant.now(), Duration.ZERO, null, 0);
    }

    /**
     * {@return this record with the place where the test is written}
     *
     * @param place a file, and a line if it is known; null if nothing says so
     */
    public TestRecord withSource(@Nullable TestSource place) {
        return new TestRecord(platform, test, attempt, last, end, started, took, system, slot, place);
    }
}
