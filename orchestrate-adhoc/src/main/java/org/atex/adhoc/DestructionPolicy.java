package org.atex.adhoc;

import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/**
 * Decides whether a system may run further tests after an attempt. A spent system is reset if it supports that, and
 * replaced otherwise. A system that the executor reports as unusable is never used again, regardless of the policy.
 * Implementations must be pure; one that throws counts as {@code true}.
 */
@FunctionalInterface
public interface DestructionPolicy {
    /**
     * {@return whether the system is spent and must be reset or replaced}
     *
     * @param test the test that ran on it
     * @param end how the test ended
     */
    boolean shouldDestroy(TestCase test, TestEnd end);

    /** {@return a policy that replaces systems after tests that are declared destructive} */
    static DestructionPolicy declared() {
        return Policies.Destruction.DECLARED;
    }

    /**
     * {@return a policy that replaces systems after destructive tests and after tests that neither passed nor were
     * skipped}
     */
    static DestructionPolicy afterFailure() {
        return Policies.Destruction.AFTER_FAILURE;
    }

    /** {@return a policy that replaces systems after every test} */
    static DestructionPolicy always() {
        return Policies.Destruction.ALWAYS;
    }
}
