package org.atex.api;

import java.util.Objects;

/**
 * A test after which another test runs. Immutable.
 *
 * {@snippet :
 * TestCase install = TestCase.named("/install");
 * TestCase upgrade = TestCase.named("/upgrade").withAfter(After.passOf("/install"));
 * }
 *
 * @param test the name of the test that ends first
 * @param onlyIfPassed whether the other test is skipped unless this one passes
 */
public record After(String test, boolean onlyIfPassed) {
    /** Creates the condition. */
    public After {
        Objects.requireNonNull(test, "the name of a test");
    }

    /**
     * {@return the condition that a test has ended, with whatever outcome}
     *
     * @param test the name of the test
     */
    public static After endOf(String test) {
        return new After(test, false);
    }

    /**
     * {@return the condition that a test has passed} If it does not pass, the test with this condition is skipped.
     *
     * @param test the name of the test
     */
    public static After passOf(String test) {
        return new After(test, true);
    }

    @Override
    public String toString() {
        return onlyIfPassed ? "after " + test + " passed" : "after " + test;
    }
}
