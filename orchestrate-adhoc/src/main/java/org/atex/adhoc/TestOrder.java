package org.atex.adhoc;

import java.time.Duration;
import java.util.Comparator;
import org.atex.api.TestCase;

/**
 * Which waiting test goes first, where several could. Applied once, before the run; tests that it does not tell apart
 * keep the order in which they were given. A test that is run again takes its old place. Must be pure.
 */
@FunctionalInterface
public interface TestOrder extends Comparator<TestCase> {
    /** {@return the order in which the tests were given} */
    static TestOrder given() {
        return (unused, unusedToo) -> 0;
    }

    /** {@return higher priority first} */
    static TestOrder priority() {
        return (a, b) -> Integer.compare(b.priority(), a.priority());
    }

    /** {@return the longest expected duration first, or limit where there is none; tests without either come last} */
    static TestOrder longestFirst() {
        return (a, b) -> length(b).compareTo(length(a));
    }

    /**
     * {@return this order, and another one for tests that it does not tell apart}
     *
     * @param next the other one
     */
    default TestOrder then(TestOrder next) {
        return (a, b) -> {
            int order = compare(a, b);
            return order != 0 ? order : next.compare(a, b);
        };
    }

    private static Duration length(TestCase test) {
        Duration expected = test.expected();
        Duration length = expected != null ? expected : test.limit();
        return length != null ? length : Duration.ZERO;
    }
}
