package org.atex.adhoc;

import java.util.List;
import java.util.Set;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;

/** The built-in policies. They run no user code, so the {@link Schedule} calls them without a guard. */
final class Policies {
    /** Allows a number of reruns after attempts with one of the given outcomes. */
    record MaxReruns(int reruns, Set<Outcome> outcomes) implements RerunPolicy {
        MaxReruns {
            outcomes = Set.copyOf(outcomes);
        }

        @Override
        public boolean shouldRerun(TestCase test, List<TestEnd> ends) {
            long spent = ends.stream()
                            .filter(end -> outcomes.contains(end.outcome()))
                            .count()
                    - 1; // the first attempt is not a rerun
            return outcomes.contains(ends.get(ends.size() - 1).outcome()) && spent < reruns;
        }
    }

    /** Allows a rerun if one of two policies allows it. */
    record Either(RerunPolicy one, RerunPolicy other) implements RerunPolicy {
        @Override
        public boolean shouldRerun(TestCase test, List<TestEnd> ends) {
            return one.shouldRerun(test, ends) || other.shouldRerun(test, ends);
        }

        @Override
        public Rerun how(TestCase test, List<TestEnd> ends) {
            return one.shouldRerun(test, ends) ? one.how(test, ends) : other.how(test, ends);
        }
    }

    /** Allows the reruns of a policy, at another place and time. */
    record Placed(RerunPolicy policy, Rerun how) implements RerunPolicy {
        @Override
        public boolean shouldRerun(TestCase test, List<TestEnd> ends) {
            return policy.shouldRerun(test, ends);
        }

        @Override
        public Rerun how(TestCase test, List<TestEnd> ends) {
            return how;
        }
    }

    /** The built-in destruction policies. */
    enum Destruction implements DestructionPolicy {
        DECLARED,
        AFTER_FAILURE,
        ALWAYS;

        @Override
        public boolean shouldDestroy(TestCase test, TestEnd end) {
            return switch (this) {
                case DECLARED -> test.destructive();
                case AFTER_FAILURE ->
                    test.destructive() || end.outcome() != Outcome.PASSED && end.outcome() != Outcome.SKIPPED;
                case ALWAYS -> true;
            };
        }
    }

    /** Tests that run alone are first: then the fewest systems idle, as others are still being provisioned. */
    static final TestOrder DEFAULT_ORDER = TestOrder.priority()
            .then((a, b) -> Boolean.compare(runsAlone(b), runsAlone(a)))
            .then(TestOrder.longestFirst());

    private Policies() {}

    private static boolean runsAlone(TestCase test) {
        return test.locks().contains(TestLock.exclusive(TestLock.EVERYTHING));
    }

    /** {@return whether both policies are built in} */
    static boolean areBuiltIn(RunRules rules) {
        return isBuiltIn(rules.reruns()) && rules.destruction() instanceof Destruction;
    }

    private static boolean isBuiltIn(RerunPolicy policy) {
        return policy instanceof MaxReruns
                || policy instanceof Placed(var placed, var how) && isBuiltIn(placed)
                || policy instanceof Either(var one, var other) && isBuiltIn(one) && isBuiltIn(other);
    }
}
