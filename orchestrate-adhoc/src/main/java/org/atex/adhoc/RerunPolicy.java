package org.atex.adhoc;

import java.util.List;
import java.util.Set;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/** Whether a test that has ended is run once more. Must be pure; one that throws costs that test its rerun. */
@FunctionalInterface
public interface RerunPolicy {
    /**
     * {@return whether to run it again}
     *
     * @param test the test
     * @param ends how its attempts ended, the last one last; never empty
     */
    boolean again(TestCase test, List<TestEnd> ends);

    /** {@return one attempt for each test} */
    static RerunPolicy never() {
        return new Policies.UpTo(0, Set.of());
    }

    /**
     * {@return up to so many more attempts after each that did not work, whatever the reason}
     *
     * @param reruns how many
     */
    static RerunPolicy maxReruns(int reruns) {
        return maxReruns(reruns, Outcome.FAILED, Outcome.ERROR, Outcome.TIMED_OUT, Outcome.LOST, Outcome.SETUP_FAILED);
    }

    /**
     * {@return up to so many more attempts after each that ended in one of these ways}
     *
     * @param reruns how many; attempts that ended in other ways do not count
     * @param outcomes which ways
     */
    static RerunPolicy maxReruns(int reruns, Outcome... outcomes) {
        if (reruns < 0) {
            throw new IllegalArgumentException("a test cannot be rerun " + reruns + " times");
        }
        return new Policies.UpTo(reruns, Set.of(outcomes));
    }

    /**
     * {@return another attempt if this policy or another one says so}
     *
     * @param other the other one, such as one with a budget for lost systems only
     */
    default RerunPolicy or(RerunPolicy other) {
        return new Policies.Either(this, other);
    }
}
