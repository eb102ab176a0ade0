package org.atex.adhoc;

import java.time.Duration;
import java.util.Comparator;
import org.atex.api.TestCase;

/**
 * The order in which waiting tests start. Applied once, before the run; tests that compare as equal keep the order in
 * which they were given. A test that is run again keeps its position. Implementations must be pure.
 */
@FunctionalInterface
public interface TestOrder extends Comparator<TestCase> {
    /** {@return the order of the tests as given} */
    static TestOrder given() {
        return (unused, unusedToo) -> 0;
    }

    /** {@return an order with higher priorities first} */
    static TestOrder priority() {
        return (a, b) -> Integer.compare(b.priority(), a.priority());
    }

    /**
     * {@return an order with the longest expected duration first, with the limit as a substitute; tests with neither
     * are last}
     */
    static TestOrder longestFirst() {
        return (a, b) -> length(b).compareTo(length(a));
    }

    /**
     * {@return this order, followed by another one for tests that compare as equal}
     *
     * @param next the other order
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
