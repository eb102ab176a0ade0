package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.atex.api.TestEnd;

/**
 * The answers of the user's policies about an attempt. Created under the {@link Guard}, as policies may hang. A policy
 * that throws gets a safe default: no rerun, system replaced.
 */
final class PolicyAnswers {
    private final List<String> problems = new ArrayList<>();
    private final boolean again;
    private final boolean spent;

    PolicyAnswers(Schedule.Rules rules, PlannedTest test, TestEnd end) {
        again = ask(
                () -> rules.reruns().shouldRerun(test.test, test.endsWith(end)),
                false,
                "the rerun policy failed for " + test.name() + ": it is not run again: ");
        spent = ask(
                () -> rules.destruction().shouldDestroy(test.test, end),
                true,
                "the destruction policy failed for " + test.name() + ": its system is replaced: ");
    }

    private boolean ask(BooleanSupplier policy, boolean otherwise, String problem) {
        try {
            return policy.getAsBoolean();
        } catch (Throwable e) {
            problems.add(problem + Throwables.describe(e));
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
