package org.atex.api;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a test that has ended, or a test that never started.
 *
 * <p>Immutable: each {@code with…} method returns a changed copy. Two records are equal if all their properties are.
 */
public final class TestRecord {
    private final String platform;
    private final PlainTest test;
    private final int attempt;
    private final boolean last;
    private final TestEnd end;
    private final Instant started;
    private final Duration took;
    private final @Nullable SystemInfo system;
    private final int slot;

    private TestRecord(
            String platform,
            PlainTest test,
            int attempt,
            boolean last,
            TestEnd end,
            Instant started,
            Duration took,
            @Nullable SystemInfo system,
            int slot) {
        if (attempt < 0 || took.isNegative()) {
            throw new IllegalArgumentException(
                    "a test record of " + test + " cannot have attempt " + attempt + " or take " + took);
        }
        this.platform = platform;
        this.test = test;
        this.attempt = attempt;
        this.last = last;
        this.end = end;
        this.started = started;
        this.took = took;
        this.system = system;
        this.slot = slot;
    }

    /**
     * {@return the record of the only attempt at a test; it has just ended, took no time and ran on no system, unless
     * {@code with…} methods say otherwise}
     *
     * @param platform what it ran on, in the words of the user
     * @param test the test; its properties are copied
     * @param end how it ended
     */
    public static TestRecord of(String platform, TestCase test, TestEnd end) {
        return new TestRecord(platform, PlainTest.copyOf(test), 1, true, end, Instant.now(), Duration.ZERO, null, 0);
    }

    /**
     * {@return the record of the only attempt at a test of which only the name is known}
     *
     * @param platform what it ran on, in the words of the user
     * @param test the name of the test
     * @param end how it ended
     */
    public static TestRecord of(String platform, String test, TestEnd end) {
        return of(platform, TestCase.named(test), end);
    }

    /**
     * {@return the record of a test that never started}
     *
     * @param platform what it would have run on
     * @param test the test; its properties are copied
     * @param why the reason, for people
     */
    public static TestRecord notRun(String platform, TestCase test, String why) {
        return of(platform, test, TestEnd.of(Outcome.NOT_RUN, why)).withAttempt(0, true);
    }

    /**
     * {@return the record of a test that never started and of which only the name is known}
     *
     * @param platform what it would have run on
     * @param test the name of the test
     * @param why the reason, for people
     */
    public static TestRecord notRun(String platform, String test, String why) {
        return notRun(platform, TestCase.named(test), why);
    }

    /** {@return what the test ran on, in the words of the user} */
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

    /** {@return whether no further attempt follows} */
    public boolean last() {
        return last;
    }

    /** {@return how it ended} */
    public TestEnd end() {
        return end;
    }

    /**
     * {@return when it started, by the clock of this machine; setting that clock during a run does not change the distances
     * within the run}
     */
    public Instant started() {
        return started;
    }

    /** {@return how long it took, by a clock that does not jump} */
    public Duration took() {
        return took;
    }

    /** {@return the system that it ran on, or null if it never had one} */
    public @Nullable SystemInfo system() {
        return system;
    }

    /** {@return the slot on that system, from 1 upwards; 0 if it never had one} */
    public int slot() {
        return slot;
    }

    /**
     * {@return this record with another number of the attempt}
     *
     * @param number 1 for the first; 0 for a test that never started
     * @param isLast whether no further attempt follows
     * @throws IllegalArgumentException if the number is negative
     */
    public TestRecord withAttempt(int number, boolean isLast) {
        return new TestRecord(platform, test, number, isLast, end, started, took, system, slot);
    }

    /**
     * {@return this record with other times}
     *
     * @param start when the attempt started
     * @param duration how long it took
     * @throws IllegalArgumentException if the duration is negative
     */
    public TestRecord withTimes(Instant start, Duration duration) {
        return new TestRecord(platform, test, attempt, last, end, start, duration, system, slot);
    }

    /**
     * {@return this record with a system}
     *
     * @param where the system that it ran on, or null if it never had one
     * @param number the slot on that system, from 1 upwards; 0 if it never had one
     */
    public TestRecord withSystem(@Nullable SystemInfo where, int number) {
        return new TestRecord(platform, test, attempt, last, end, started, took, where, number);
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(platform, test, attempt, last, end, started, took, system, slot);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TestRecord record && properties().equals(record.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }

    /** {@return the test, the attempt and the outcome, for messages} */
    @Override
    public String toString() {
        return name() + " (attempt " + attempt + (last ? ", the last" : "") + ") " + end.outcome() + " on "
                + (system == null ? "no system" : system.name()) + ", platform " + platform;
    }
}
