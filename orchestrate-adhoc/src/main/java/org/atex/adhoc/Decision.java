package org.atex.adhoc;

import org.atex.api.TestEnd;

/** What the {@link Schedule} wants done. */
sealed interface Decision {
    /** Ask a provisioner for so many systems more. */
    record Ask(int provisioner, int count) implements Decision {}

    /** Let a provisioner forget what it was asked for. */
    record Forget(int provisioner) implements Decision {}

    /** Make a system ready, and say how that went. */
    record Prepare(int system) implements Decision {}

    /** End the preparation of a system; it fails then. */
    record CancelPreparation(int system) implements Decision {}

    /** Run a test, and say how it ended. */
    record Run(PlannedTest test, int attempt, int system, int slot) implements Decision {}

    /** End every running test; each ends as cancelled then. */
    record CancelTests(String why) implements Decision {}

    /** Reset a system and prepare it anew, or else give it back; and say which. */
    record Renew(int system, String why) implements Decision {}

    /** Give a system back, and say when that is done. */
    record Release(int system, String why) implements Decision {}

    /** An attempt has ended, or a test never starts: record it. Comes before the decisions that follow from it. */
    record Conclude(PlannedTest test, int attempt, TestEnd end, boolean last) implements Decision {}

    /** Something beside the tests went wrong: tell people. */
    record Problem(String what) implements Decision {}

    /** Tests wait, and nothing runs that they could wait for. */
    record Wait(int tests, String why) implements Decision {}

    /** Every test has its outcome, every system is given back. The last decision. */
    record End() implements Decision {}
}
