package org.atex.api;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The record of one attempt at a test, or of a test that never started: test, outcome, times and system.
 *
 * <p>Thread safety: this class is immutable; each {@code with…} method returns a changed copy. Two records are equal if
 * all their properties are equal.
 */
public final class TestRecord {
    private final String platform;
    private final PlainTest test;
    private final int attempt;
    private final boolean last;
    private final AttemptCause cause;
    private final TestEnd end;
    private final Instant started;
    private final Duration took;
    private final @Nullable SystemInfo system;
    private final int slot;
    private final @Nullable KnownFailure known;

    private TestRecord(
            String platform,
            PlainTest test,
            int attempt,
            boolean last,
            AttemptCause cause,
            TestEnd end,
            Instant started,
            Duration took,
            @Nullable SystemInfo system,
            int slot,
            @Nullable KnownFailure known) {
        if (attempt < 0 || took.isNegative()) {
            throw new IllegalArgumentException("the record of " + test
                    + " needs an attempt and a duration of at least 0, not " + attempt + " and " + took);
        }
        this.platform = platform;
        this.test = test;
        this.attempt = attempt;
        this.last = last;
        this.cause = cause;
        this.end = end;
        this.started = started;
        this.took = took;
        this.system = system;
        this.slot = slot;
        this.known = known;
    }

    /**
     * {@return the record of the only attempt at a test; it ended now, took no time and has no system, unless {@code
     * with…} methods change that}
     *
     * @param platform the platform of the test, as the user calls it
     * @param test the test; its properties are copied
     * @param end how the attempt ended
     */
    public static TestRecord of(String platform, TestCase test, TestEnd end) {
        return new TestRecord(
                platform,
                PlainTest.copyOf(test),
                1,
                true,
                AttemptCause.FIRST,
                end,
                Instant.now(),
                Duration.ZERO,
                null,
                0,
                null);
    }

    /**
     * {@return the record of the only attempt at a test of which only the name is known}
     *
     * @param platform the platform of the test, as the user calls it
     * @param test the name of the test
     * @param end how the attempt ended
     */
    public static TestRecord of(String platform, String test, TestEnd end) {
        return of(platform, TestCase.named(test), end);
    }

    /**
     * {@return the record of a test that never started}
     *
     * @param platform the platform on which the test was planned, as the user calls it
     * @param test the test; its properties are copied
     * @param why the reason, for people
     */
    public static TestRecord notRun(String platform, TestCase test, String why) {
        return of(platform, test, TestEnd.of(Outcome.NOT_RUN, why)).withAttempt(0, true);
    }

    /**
     * {@return the record of a test that never started and of which only the name is known}
     *
     * @param platform the platform on which the test was planned, as the user calls it
     * @param test the name of the test
     * @param why the reason, for people
     */
    public static TestRecord notRun(String platform, String test, String why) {
        return notRun(platform, TestCase.named(test), why);
    }

    /** {@return the platform of the test, as the user calls it} */
    public String platform() {
        return platform;
    }

    /** {@return the name of the test} */
    public String name() {
        return test.name();
    }

    /** {@return the properties of the test, such as its tags and its source} */
    public PlainTest test() {
        return test;
    }

    /** {@return the number of the attempt, from 1 upwards; 0 for a test that never started} */
    public int attempt() {
        return attempt;
    }

    /** {@return whether this is the last attempt at the test} */
    public boolean last() {
        return last;
    }

    /** {@return the reason for the attempt; {@link AttemptCause#FIRST} for a test that never started} */
    public AttemptCause cause() {
        return cause;
    }

    /** {@return how the attempt ended} */
    public TestEnd end() {
        return end;
    }

    /**
     * {@return the start of the attempt, by the clock of this machine at the start of the run; later changes of that
     * clock do not affect the differences within a run}
     */
    public Instant started() {
        return started;
    }

    /** {@return the duration of the attempt, by a monotonic clock} */
    public Duration took() {
        return took;
    }

    /** {@return the system of the attempt, or null if there was none} */
    public @Nullable SystemInfo system() {
        return system;
    }

    /** {@return the slot on that system, from 1 upwards; 0 if there was no system} */
    public int slot() {
        return slot;
    }

    /** {@return the rule because of which its failure does not count, or null} */
    public @Nullable KnownFailure known() {
        return known;
    }

    /** {@return the best verdict that a run with this attempt as the last one can have} */
    public Verdict verdict() {
        return known == null ? end.outcome().verdict() : Verdict.PASSED;
    }

    /**
     * {@return a copy of this record with another number of the attempt}
     *
     * @param number 1 for the first attempt; 0 for a test that never started
     * @param isLast whether this is the last attempt
     * @throws IllegalArgumentException if the number is negative
     */
    public TestRecord withAttempt(int number, boolean isLast) {
        return new TestRecord(platform, test, number, isLast, cause, end, started, took, system, slot, known);
    }

    /**
     * {@return a copy of this record with another cause of the attempt}
     *
     * @param reason the cause
     */
    public TestRecord withCause(AttemptCause reason) {
        return new TestRecord(platform, test, attempt, last, reason, end, started, took, system, slot, known);
    }

    /**
     * {@return a copy of this record with other times}
     *
     * @param start the start of the attempt
     * @param duration the duration of the attempt
     * @throws IllegalArgumentException if the duration is negative
     */
    public TestRecord withTimes(Instant start, Duration duration) {
        return new TestRecord(platform, test, attempt, last, cause, end, start, duration, system, slot, known);
    }

    /**
     * {@return a copy of this record whose failure is known}
     *
     * @param rule the rule because of which it does not count, or null if it counts
     */
    public TestRecord withKnown(@Nullable KnownFailure rule) {
        return new TestRecord(platform, test, attempt, last, cause, end, started, took, system, slot, rule);
    }

    /**
     * {@return a copy of this record with another system}
     *
     * @param where the system of the attempt, or null if there was none
     * @param number the slot on that system, from 1 upwards; 0 if there was no system
     */
    public TestRecord withSystem(@Nullable SystemInfo where, int number) {
        return new TestRecord(platform, test, attempt, last, cause, end, started, took, where, number, known);
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(platform, test, attempt, last, cause, end, started, took, system, slot, known);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TestRecord record && properties().equals(record.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }

    /** {@return the test, the attempt, the outcome and the place, for messages} */
    @Override
    public String toString() {
        return name() + " (attempt " + attempt + (last ? ", the last" : "") + ") " + end.outcome() + " on "
                + (system == null ? "no system" : system.name()) + ", platform " + platform;
    }
}
