package org.atex.artifacts;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.PlainTest;
import org.jspecify.annotations.Nullable;

/**
 * The tests of a run, by their names. Faster than a map if most are asked for in the order in which they were added, as
 * most runs start them. Not thread-safe.
 */
final class PlannedTests {
    private final List<PlainTest> tests = new ArrayList<>();
    /** The positions of the first tests by their names; empty until a test is asked for out of order. */
    private Map<String, Integer> positions = Map.of();

    private int indexed;
    /** The position of the test that is probably asked for next. */
    private int next;

    void add(PlainTest test) {
        tests.add(test);
    }

    /** {@return the test with a name, or null} */
    @Nullable
    PlainTest named(String name) {
        if (next == tests.size() || !tests.get(next).name().equals(name)) {
            index();
            Integer position = positions.get(name);
            if (position == null) {
                return null;
            }
            next = position;
        }
        return tests.get(next++);
    }

    private void index() {
        if (indexed == 0) {
            positions = HashMap.newHashMap(tests.size());
        }
        for (; indexed < tests.size(); indexed++) {
            positions.put(tests.get(indexed).name(), indexed);
        }
    }

    /** {@return all tests, in the order in which they were added} */
    List<PlainTest> all() {
        return tests;
    }
}
