package org.atex.adhoc;

import org.atex.api.TestCase;
import org.atex.api.TestEnd;

/**
 * Whether a system must not run another test after this one: it is then reset, where it can be, or replaced. A system
 * that an executor calls unusable never runs another test, whatever a policy says. Must be pure; one that throws counts
 * as yes.
 */
@FunctionalInterface
public interface DestructionPolicy {
    /**
     * {@return whether the system is spent}
     *
     * @param test what ran on it
     * @param end how that ended
     */
    boolean destroys(TestCase test, TestEnd end);

    /** {@return only after tests that say so themselves} */
    static DestructionPolicy declared() {
        return Policies.Destruction.DECLARED;
    }

    /** {@return after tests that say so, and after every one that did not pass: what failed may have left anything} */
    static DestructionPolicy afterFailure() {
        return Policies.Destruction.AFTER_FAILURE;
    }

    /** {@return after every test} */
    static DestructionPolicy always() {
        return Policies.Destruction.ALWAYS;
    }
}
