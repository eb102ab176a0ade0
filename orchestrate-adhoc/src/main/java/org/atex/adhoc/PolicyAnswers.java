package org.atex.adhoc;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * The answers of the user's policies about an attempt. Created under the {@link Guard}, as policies may hang. A policy
 * that throws gets a safe default: no rerun, system replaced.
 */
final class PolicyAnswers {
    private final List<String> problems = new ArrayList<>();
    private final @Nullable Rerun again;
    private final boolean spent;

    PolicyAnswers(RunRules rules, PlannedTest test, TestEnd end) {
        again = ask(
                () -> rules.rerun(test.test, test.endsWith(end)),
                null,
                "the rerun policy failed for " + test.name() + ": it is not run again: ");
        spent = ask(
                () -> rules.destruction().shouldDestroy(test.test, end),
                true,
                "the destruction policy failed for " + test.name() + ": its system is replaced: ");
    }

    private <T extends @Nullable Object> T ask(Supplier<T> policy, T otherwise, String problem) {
        try {
            return policy.get();
        } catch (Throwable e) {
            problems.add(problem + Throwables.describe(e));
            return otherwise;
        }
    }

    /** {@return where and when the test runs again, or null if it does not} */
    @Nullable
    Rerun again() {
        return again;
    }

    boolean spent() {
        return spent;
    }

    List<String> problems() {
        return problems;
    }
}
