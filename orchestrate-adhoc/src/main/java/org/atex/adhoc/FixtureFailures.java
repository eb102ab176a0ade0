package org.atex.adhoc;

import java.util.HashMap;
import java.util.Map;
import org.atex.api.Fixture.Scope;
import org.jspecify.annotations.Nullable;

/** The fixtures that could not be started. Confined to the {@link Schedule}. */
final class FixtureFailures {
    /**
     * The tests that cannot run.
     *
     * @param group their group; empty for all that use the fixture
     */
    private record Users(PlannedFixture fixture, String group) {}

    private final Map<Users, String> reasons = new HashMap<>();
    /** On how many systems in a row a fixture could not be started. */
    private final Map<PlannedFixture, Integer> onSystems = new HashMap<>();

    /** A fixture could not be started on a system. {@return on how many in a row} */
    int onSystem(PlannedFixture fixture) {
        return onSystems.merge(fixture, 1, Integer::sum);
    }

    /** The fixtures of a test were started. */
    void started(PlannedTest test) {
        test.fixtures.forEach(onSystems::remove);
    }

    /**
     * A fixture of a test is not tried again, for it and those that share it. {@return whether that is new: tests that
     * wait for the same start report the same failure}
     */
    boolean failed(PlannedFixture fixture, PlannedTest test, String why) {
        return reasons.putIfAbsent(users(fixture, test), why) == null;
    }

    /** {@return why a test cannot run, or null if it can} */
    @Nullable
    String of(PlannedTest test) {
        if (reasons.isEmpty()) {
            return null;
        }
        return test.fixtures.stream()
                .map(fixture -> reasons.get(users(fixture, test)))
                .filter(why -> why != null)
                .findFirst()
                .orElse(null);
    }

    private static Users users(PlannedFixture fixture, PlannedTest test) {
        return new Users(fixture, fixture.scope() == Scope.GROUP ? String.valueOf(test.facts.group()) : "");
    }
}
