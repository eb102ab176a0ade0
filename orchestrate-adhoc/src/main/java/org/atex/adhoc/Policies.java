package org.atex.adhoc;

import java.util.List;
import java.util.Set;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/** The policies that come with this package: data, which the {@link Schedule} may ask without a guard. */
final class Policies {
    /** Up to so many more attempts after each that ended in one of these ways. */
    record UpTo(int reruns, Set<Outcome> outcomes) implements RerunPolicy {
        UpTo {
            outcomes = Set.copyOf(outcomes);
        }

        @Override
        public boolean again(TestCase test, List<TestEnd> ends) {
            long spent = ends.stream()
                            .filter(end -> outcomes.contains(end.outcome()))
                            .count()
                    - 1;
            return outcomes.contains(ends.get(ends.size() - 1).outcome()) && spent < reruns;
        }
    }

    /** Another attempt if one of two policies says so. */
    record Either(RerunPolicy one, RerunPolicy other) implements RerunPolicy {
        @Override
        public boolean again(TestCase test, List<TestEnd> ends) {
            return one.again(test, ends) || other.again(test, ends);
        }
    }

    /** When a system is spent. */
    enum Destruction implements DestructionPolicy {
        DECLARED,
        AFTER_FAILURE,
        ALWAYS;

        @Override
        public boolean destroys(TestCase test, TestEnd end) {
            return switch (this) {
                case DECLARED -> test.destructive();
                case AFTER_FAILURE ->
                    test.destructive() || end.outcome() != Outcome.PASSED && end.outcome() != Outcome.SKIPPED;
                case ALWAYS -> true;
            };
        }
    }

    private Policies() {}

    /** {@return whether no code of the user's has to be asked} */
    static boolean areOurs(Schedule.Rules rules) {
        return isOurs(rules.reruns()) && rules.destruction() instanceof Destruction;
    }

    private static boolean isOurs(RerunPolicy policy) {
        return policy instanceof UpTo || policy instanceof Either(var one, var other) && isOurs(one) && isOurs(other);
    }
}
