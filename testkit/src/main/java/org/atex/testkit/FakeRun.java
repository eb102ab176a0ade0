package org.atex.testkit;

import java.time.Duration;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * The run of a test in a {@link FakeExecutors fake executor}: its duration and its end. Immutable.
 *
 * @param takes the duration, or null for a test that never ends by itself
 * @param end the end of the test
 */
public record FakeRun(@Nullable Duration takes, TestEnd end) {
    /**
     * {@return a run that passes}
     *
     * @param takes the duration
     */
    public static FakeRun passing(Duration takes) {
        return new FakeRun(takes, TestEnd.exited(0));
    }

    /**
     * {@return a run that fails}
     *
     * @param takes the duration
     */
    public static FakeRun failing(Duration takes) {
        return new FakeRun(takes, TestEnd.exited(1));
    }

    /**
     * {@return a run with a certain outcome}
     *
     * @param takes the duration
     * @param outcome the outcome; after {@link Outcome#LOST}, the system is not usable
     */
    public static FakeRun ending(Duration takes, Outcome outcome) {
        return new FakeRun(takes, TestEnd.of(outcome, "a fake test with this outcome"));
    }

    /** {@return a run that never ends by itself} */
    public static FakeRun endless() {
        return new FakeRun(null, TestEnd.exited(0));
    }
}
