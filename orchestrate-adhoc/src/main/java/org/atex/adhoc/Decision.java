package org.atex.adhoc;

import java.time.Instant;
import org.atex.api.Problem;
import org.atex.api.TestEnd;

/** What the {@link Schedule} wants done. */
sealed interface Decision {
    /** Say {@link Event.Tick} at that instant. Each replaces the one before. */
    record WakeAt(Instant instant) implements Decision {}

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

    /** Ask the user's policies about an attempt, and say what they answered. Its place stays occupied until then. */
    record Judge(PlannedTest test, TestEnd end) implements Decision {}

    /** End every running test; each ends as cancelled then. */
    record CancelTests(String why) implements Decision {}

    /** Look for room for artifacts, and say whether there is some. */
    record LookForRoom() implements Decision {}

    /** Tell people that no test starts, and why; or, with an empty reason, that tests start again. */
    record Pause(String why) implements Decision {}

    /** Tell people that a host is not used any more. */
    record Quarantine(String host, String why) implements Decision {}

    /** Reset a system and say so, or else give it back and say that. */
    record Renew(int system, String why) implements Decision {}

    /** Give a system back, and say when that is done. */
    record Release(int system, String why) implements Decision {}

    /** An attempt has ended and is planned to be run again; its results are kept until {@link Conclude}. */
    record Hold(PlannedTest test, int attempt, TestEnd end) implements Decision {}

    /** The record of an attempt, or of a test that never starts, is final: store it. */
    record Conclude(PlannedTest test, int attempt, TestEnd end, boolean last) implements Decision {}

    /** Something beside the tests went wrong: tell people. */
    record Report(Problem problem) implements Decision {}

    /** Tests wait, and nothing runs that they could wait for. */
    record Wait(int tests, String why) implements Decision {}

    /** Every test has its outcome, every system is given back. The last decision. */
    record End() implements Decision {}
}
