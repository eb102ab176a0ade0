package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Fixture;
import org.atex.api.Fixture.Scope;
import org.atex.api.PlainTest;

/**
 * A fixture of the run, with its properties, which are read once before the run.
 *
 * @param fixture the user's own object
 * @param uses the fixtures that it uses
 */
record PlannedFixture(Fixture<?> fixture, String name, Scope scope, List<PlannedFixture> uses, Duration limit) {
    /**
     * {@return the fixtures by name} Calls methods of the fixtures, which may throw or hang.
     *
     * @throws IllegalArgumentException if two have the same name, if one uses itself or one that is unknown or has a
     *     narrower scope
     */
    static Map<String, PlannedFixture> read(Collection<Fixture<?>> fixtures) {
        Map<String, Fixture<?>> byName = new LinkedHashMap<>();
        for (Fixture<?> fixture : fixtures) {
            String name = fixture.name();
            if (name.isEmpty() || byName.put(name, fixture) != null) {
                throw new IllegalArgumentException(
                        name.isEmpty()
                                ? "a fixture has an empty name"
                                : "there are two fixtures with the name " + name);
            }
        }
        Map<String, PlannedFixture> planned = new LinkedHashMap<>();
        byName.keySet().forEach(name -> add(name, byName, planned, new LinkedHashSet<>()));
        return planned;
    }

    private static PlannedFixture add(
            String name, Map<String, Fixture<?>> all, Map<String, PlannedFixture> planned, Set<String> path) {
        PlannedFixture known = planned.get(name);
        if (known != null) {
            return known;
        }
        if (!path.add(name)) {
            throw new IllegalArgumentException(
                    "fixtures use each other: " + String.join(", which uses ", path) + ", which uses " + name);
        }
        Fixture<?> fixture = all.get(name);
        if (fixture == null) {
            List<String> users = List.copyOf(path);
            throw new IllegalArgumentException("the fixture " + users.get(users.size() - 2) + " uses " + name
                    + ", which the run does not know: add it by fixture(…)");
        }
        List<PlannedFixture> uses = new ArrayList<>();
        for (Fixture<?> used : fixture.uses()) {
            PlannedFixture wider = add(used.name(), all, planned, new LinkedHashSet<>(path));
            if (wider.scope.compareTo(fixture.scope()) > 0) {
                throw new IllegalArgumentException("the fixture " + name + " with the scope " + fixture.scope()
                        + " uses " + wider.name + " with the narrower scope " + wider.scope);
            }
            uses.add(wider);
        }
        PlannedFixture result = new PlannedFixture(fixture, name, fixture.scope(), List.copyOf(uses), fixture.limit());
        planned.put(name, result);
        return result;
    }

    /**
     * {@return the fixtures of a test and those that they use, in the order of their start}
     *
     * @param test the test
     * @param known the fixtures of the run
     * @param isOnOneSystem whether the tests of its group run on one system
     * @throws IllegalArgumentException if one is unknown, or cannot be used by this test
     */
    static List<PlannedFixture> of(PlainTest test, Map<String, PlannedFixture> known, boolean isOnOneSystem) {
        Set<PlannedFixture> all = new LinkedHashSet<>();
        for (String name : test.fixtures().stream().sorted().toList()) {
            PlannedFixture fixture = known.get(name);
            if (fixture == null) {
                throw new IllegalArgumentException("the test " + test.name() + " uses the fixture " + name
                        + ", which the run does not know: add it by fixture(…); "
                        + (known.isEmpty() ? "it has none" : "it has " + String.join(", ", known.keySet())));
            }
            fixture.addTo(all);
        }
        for (PlannedFixture fixture : all) {
            if (fixture.scope == Scope.GROUP && test.group() == null) {
                throw new IllegalArgumentException("the test " + test.name() + " uses the fixture " + fixture.name
                        + " with the scope GROUP, but belongs to no group");
            }
            if (fixture.scope == Scope.GROUP && !isOnOneSystem) {
                fixture.uses.stream()
                        .filter(used -> used.scope == Scope.SYSTEM)
                        .findFirst()
                        .ifPresent(used -> {
                            throw new IllegalArgumentException("the fixture " + fixture.name + " uses " + used.name
                                    + ", which has the scope SYSTEM, but the tests of the group " + test.group()
                                    + " may run on several systems");
                        });
            }
        }
        // A wider scope first; each after those that it uses.
        return all.stream().sorted(Comparator.comparing(PlannedFixture::scope)).toList();
    }

    private void addTo(Set<PlannedFixture> all) {
        uses.forEach(used -> used.addTo(all));
        all.add(this);
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return "the fixture " + name;
    }
}
