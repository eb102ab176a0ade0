package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.api.After;
import org.atex.api.PlainTest;
import org.atex.artifacts.History;

/** Tests with their durations, and which of them belong together. Not thread-safe. */
final class TestUnits {
    /**
     * Tests that belong together.
     *
     * @param tests the tests, in the order given
     * @param takes their durations, added up
     */
    record Unit(List<PlainTest> tests, Duration takes) {}

    private static final Duration UNKNOWN = Duration.ofMinutes(1);

    private final Map<String, PlainTest> tests = new LinkedHashMap<>();
    private final Map<String, Duration> durations = new HashMap<>();

    /**
     * Creates the object.
     *
     * @param tests the tests; of two with the same name the first counts
     * @param history gives the durations of tests that have no expected duration
     */
    TestUnits(Collection<PlainTest> tests, History history) {
        tests.forEach(test -> this.tests.putIfAbsent(test.name(), test));
        this.tests.values().forEach(test -> {
            Duration known = test.expected() != null
                    ? test.expected()
                    : Objects.requireNonNullElse(
                            history.test(test.name()).expected(),
                            Objects.requireNonNullElse(test.limit(), Duration.ZERO));
            if (!known.isZero()) {
                durations.put(test.name(), known);
            }
        });
        Duration average = durations.isEmpty()
                ? UNKNOWN
                : durations.values().stream()
                        .reduce(Duration.ZERO, Duration::plus)
                        .dividedBy(durations.size());
        this.tests.keySet().forEach(name -> durations.putIfAbsent(name, average));
    }

    /** {@return the duration of a test: the expected one, else its limit, else the average of the others} */
    Duration takes(String test) {
        return Objects.requireNonNull(durations.get(test));
    }

    Collection<PlainTest> tests() {
        return tests.values();
    }

    PlainTest test(String name) {
        return Objects.requireNonNull(tests.get(name));
    }

    boolean contains(String name) {
        return tests.containsKey(name);
    }

    /**
     * {@return the tests, with those of a group, and those that run after each other, in one unit} The longest unit is the
     * first.
     */
    List<Unit> units() {
        Map<String, String> roots = new HashMap<>();
        Map<String, String> groups = new HashMap<>();
        for (PlainTest test : tests.values()) {
            String group = test.group();
            if (group != null) {
                String first = groups.putIfAbsent(group, test.name());
                join(roots, test.name(), first == null ? test.name() : first);
            }
            for (After after : test.after()) {
                if (tests.containsKey(after.test())) {
                    join(roots, test.name(), after.test());
                }
            }
        }
        Map<String, List<PlainTest>> members = new LinkedHashMap<>();
        tests.values()
                .forEach(test -> members.computeIfAbsent(root(roots, test.name()), root -> new ArrayList<>())
                        .add(test));
        return members.values().stream()
                .map(unit -> new Unit(
                        unit, unit.stream().map(test -> takes(test.name())).reduce(Duration.ZERO, Duration::plus)))
                // By name, so that the order in which tests are given does not matter.
                .sorted(Comparator.comparing(Unit::takes).reversed().thenComparing(TestUnits::firstName))
                .toList();
    }

    private static String firstName(Unit unit) {
        return unit.tests().stream()
                .map(PlainTest::name)
                .min(Comparator.naturalOrder())
                .orElse("");
    }

    private static void join(Map<String, String> roots, String one, String other) {
        roots.put(root(roots, one), root(roots, other));
    }

    private static String root(Map<String, String> roots, String name) {
        String root = name;
        String parent = roots.getOrDefault(root, root);
        while (!parent.equals(root)) {
            root = parent;
            parent = roots.getOrDefault(root, root);
        }
        if (!root.equals(name)) {
            roots.put(name, root); // the next search is shorter
        }
        return root;
    }
}
