package org.atex.adhoc;

import java.time.Instant;
import java.util.List;
import org.atex.api.Problem;
import org.atex.api.TestEnd;

/** An action that the {@link Schedule} requests. */
sealed interface Decision {
    /** Send {@link Event.Tick} at the instant. Replaces the previous request. */
    record WakeAt(Instant instant) implements Decision {}

    /** Request more systems from a provisioner. */
    record Request(int provisioner, int count) implements Decision {}

    /** Clear the pending requests of a provisioner. */
    record ClearRequests(int provisioner) implements Decision {}

    /** Prepare a system and report the result. */
    record Prepare(int system) implements Decision {}

    /** Cancel the preparation of a system, which is then reported as failed. */
    record CancelPreparation(int system) implements Decision {}

    /** Run a test and report how it ended. */
    record Run(PlannedTest test, int attempt, int system, int slot) implements Decision {}

    /**
     * Start all members of a test that runs on several systems, and report the end of each.
     *
     * @param test the whole test
     * @param attempt the number of the attempt
     * @param members its members, with their places
     */
    record RunTogether(PlannedTest test, int attempt, List<Run> members) implements Decision {}

    /** Cancel a running member of such a test, which is then reported as cancelled. */
    record CancelMember(PlannedTest member, int system, int slot, String why) implements Decision {}

    /** Ask the user's policy which test runs next on a system, and report its answer. */
    record AskNext(int system, List<PlannedTest> previous, List<PlannedTest> candidates) implements Decision {}

    /** Ask the user's policies about an attempt and report their answers. The slot stays occupied until then. */
    record AskPolicies(PlannedTest test, TestEnd end) implements Decision {}

    /** Cancel all running tests; each is then reported as cancelled. */
    record CancelTests(String why) implements Decision {}

    /** Check the disk space for artifacts and report the result. */
    record CheckSpace() implements Decision {}

    /** Publish that no test starts, and the reason. With an empty reason: tests start again. */
    record Pause(String why) implements Decision {}

    /** Publish that a host is not used any more. */
    record Quarantine(String host, String why) implements Decision {}

    /** Reset a system and report it as renewed; if it cannot be reset, release it and report that. */
    record Renew(int system, String why) implements Decision {}

    /** Release a system and report when that is done. */
    record Release(int system, String why) implements Decision {}

    /** Hold a system for a person, publish that, and report when the person frees it. */
    record HoldSystem(int system, PlannedTest test, Instant until) implements Decision {}

    /** Publish an ended attempt that is to be run again. Its results are kept until {@link Conclude}. */
    record Hold(PlannedTest test, int attempt, TestEnd end) implements Decision {}

    /** Store the final record of an attempt, or of a test that never started. */
    record Conclude(PlannedTest test, int attempt, TestEnd end, boolean last) implements Decision {}

    /** Report a problem outside the tests. */
    record Report(Problem problem) implements Decision {}

    /** Publish that tests wait without a system or slot that suits them. */
    record Wait(int tests, String why) implements Decision {}

    /** The last decision: every test has its outcome, and every system is released. */
    record End() implements Decision {}
}
