package org.atex.adhoc;

import java.util.HashSet;
import java.util.Set;
import org.atex.api.Need;

/**
 * Where and when a test runs again. Immutable.
 *
 * {@snippet :
 * builder.reruns(RerunPolicy.maxReruns(1, Outcome.FAILED)
 *         .with(Rerun.inOrder().onFreshSystem())
 *         .or(RerunPolicy.maxReruns(3, Outcome.LOST).with(Rerun.last())));
 * }
 *
 * <p>A test of a serial group runs again in its place in the group.
 *
 * @param on the system that it uses
 * @param time the time at which it runs
 * @param needs the requirements for the system, besides those of the test
 */
public record Rerun(On on, Time time, Set<Need> needs) {
    /**
     * Creates a description.
     *
     * @param needs must not contain null
     */
    public Rerun {
        needs = Set.copyOf(needs);
    }

    /** The system on which a test runs again. */
    public enum On {
        /** Any that suits it. */
        ANY,
        /** One on another host than the attempts before, unless there is no other. */
        OTHER,
        /** One on which no test has run since it was provisioned or reset. */
        FRESH
    }

    /** The time at which a test runs again. */
    public enum Time {
        /** At its position in the order of the run. */
        IN_ORDER,
        /** After all tests that have not run yet. */
        LAST,
        /** After all tests that have not run yet, while no other test runs. */
        ALONE
    }

    /** {@return a rerun on any system, at the position of the test in the order of the run} */
    public static Rerun inOrder() {
        return new Rerun(On.ANY, Time.IN_ORDER, Set.of());
    }

    /** {@return a rerun on any system, after all tests that have not run yet} */
    public static Rerun last() {
        return new Rerun(On.ANY, Time.LAST, Set.of());
    }

    /** {@return a rerun on any system, after all tests that have not run yet, while no other test runs} */
    public static Rerun alone() {
        return new Rerun(On.ANY, Time.ALONE, Set.of());
    }

    /** {@return this rerun, on another host than the attempts before, unless there is no other} */
    public Rerun onOtherHost() {
        return new Rerun(On.OTHER, time, needs);
    }

    /**
     * {@return this rerun, on a system on which no test has run since it was provisioned or reset} An idle system is
     * reset or replaced for it, if no further one can be requested.
     */
    public Rerun onFreshSystem() {
        return new Rerun(On.FRESH, time, needs);
    }

    /**
     * {@return this rerun, on a system that meets a further need, unless there is no such system} Another architecture, a
     * machine with more memory, or one of a provisioner that is {@linkplain org.atex.api.Capability#RESERVED reserved}
     * for reruns may show why a test fails. Tests that run on several systems at once do not have further needs.
     *
     * @param need the need
     */
    public Rerun withNeed(Need need) {
        return new Rerun(on, time, with(Set.of(need)));
    }

    /** {@return these needs and those of this rerun} */
    Set<Need> with(Set<Need> others) {
        if (needs.isEmpty()) {
            return others;
        }
        Set<Need> all = new HashSet<>(others);
        all.addAll(needs);
        return Set.copyOf(all);
    }
}
