package org.atex.adhoc;

import java.util.List;
import java.util.Set;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/**
 * Decides whether a test is run again after an attempt. Implementations must be pure; one that throws counts as
 * {@code false}.
 */
@FunctionalInterface
public interface RerunPolicy {
    /**
     * {@return whether to run the test again}
     *
     * @param test the test
     * @param ends the ends of its attempts, in order; never empty
     */
    boolean shouldRerun(TestCase test, List<TestEnd> ends);

    /**
     * {@return where and when the test runs again, if it does} By default at its position in the order, on any system.
     *
     * @param test the test
     * @param ends the ends of its attempts, in order; never empty
     */
    default Rerun how(TestCase test, List<TestEnd> ends) {
        return Rerun.inOrder();
    }

    /** {@return a policy that never runs a test again} */
    static RerunPolicy never() {
        return new Policies.MaxReruns(0, Set.of());
    }

    /**
     * {@return a policy that allows a number of reruns after attempts that neither passed nor were skipped or
     * cancelled}
     *
     * @param reruns the maximum number of reruns of one test
     */
    static RerunPolicy maxReruns(int reruns) {
        return maxReruns(reruns, Outcome.FAILED, Outcome.ERROR, Outcome.TIMED_OUT, Outcome.LOST, Outcome.SETUP_FAILED);
    }

    /**
     * {@return a policy that allows a number of reruns after attempts with one of the given outcomes}
     *
     * @param reruns the maximum number of reruns of one test; attempts with other outcomes do not count
     * @param outcomes the outcomes after which a test is run again
     */
    static RerunPolicy maxReruns(int reruns, Outcome... outcomes) {
        if (reruns < 0) {
            throw new IllegalArgumentException("a test cannot be rerun " + reruns + " times");
        }
        return new Policies.MaxReruns(reruns, Set.of(outcomes));
    }

    /**
     * {@return a policy that allows a rerun if this policy or another one allows it} The first one that does determines
     * where and when.
     *
     * @param other the other policy, for example with reruns for lost systems only
     */
    default RerunPolicy or(RerunPolicy other) {
        return new Policies.Either(this, other);
    }

    /**
     * {@return this policy, with reruns at that place and time}
     *
     * @param how where and when tests run again
     */
    default RerunPolicy with(Rerun how) {
        return new Policies.Placed(this, how);
    }
}
