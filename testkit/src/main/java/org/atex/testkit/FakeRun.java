package org.atex.testkit;

import java.time.Duration;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * What a test does that only pretends to run.
 *
 * @param takes how long it takes, or null if it never ends by itself
 * @param end how it ends then
 */
public record FakeRun(@Nullable Duration takes, TestEnd end) {
    /**
     * {@return one that passes}
     *
     * @param takes how long it takes
     */
    public static FakeRun passing(Duration takes) {
        return new FakeRun(takes, TestEnd.exited(0));
    }

    /**
     * {@return one that fails}
     *
     * @param takes how long it takes
     */
    public static FakeRun failing(Duration takes) {
        return new FakeRun(takes, TestEnd.exited(1));
    }

    /**
     * {@return one that ends in a certain way}
     *
     * @param takes how long it takes
     * @param outcome the way; a lost system cannot be used on
     */
    public static FakeRun ending(Duration takes, Outcome outcome) {
        return new FakeRun(takes, TestEnd.of(outcome, "a fake that ends so"));
    }

    /** {@return one that never ends by itself} */
    public static FakeRun endless() {
        return new FakeRun(null, TestEnd.exited(0));
    }
}
