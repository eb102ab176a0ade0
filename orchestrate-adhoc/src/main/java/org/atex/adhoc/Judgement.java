package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.atex.api.TestEnd;

/** What the user's policies say of an attempt. Made where they may take their time; one that throws hurts no other. */
final class Judgement {
    private final List<String> problems = new ArrayList<>();
    private final boolean again;
    private final boolean spent;

    Judgement(Schedule.Rules rules, PlannedTest test, TestEnd end) {
        again = ask(
                () -> rules.reruns().again(test.test, test.endsWith(end)),
                false,
                "the rerun policy failed for " + test.name() + ", which is not run again: ");
        spent = ask(
                () -> rules.destruction().destroys(test.test, end),
                true,
                "the destruction policy failed for " + test.name() + ", whose system is replaced: ");
    }

    private boolean ask(BooleanSupplier policy, boolean otherwise, String problem) {
        try {
            return policy.getAsBoolean();
        } catch (Throwable e) {
            problems.add(problem + Words.of(e));
            return otherwise;
        }
    }

    boolean again() {
        return again;
    }

    boolean spent() {
        return spent;
    }

    List<String> problems() {
        return problems;
    }
}
