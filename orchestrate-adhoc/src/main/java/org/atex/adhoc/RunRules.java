package org.atex.adhoc;

import java.time.Duration;
import java.util.List;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;

/**
 * The options of a run. Immutable.
 *
 * @param reruns decides which tests are run again
 * @param destruction decides after which tests a system is spent
 * @param maxSystems the maximum number of systems at a time
 * @param spares the number of idle systems to keep for reruns when no test waits
 * @param failureWindow the number of recent systems of a provisioner that its breaker counts
 * @param maxFailures the number of failed tests that ends the run
 * @param onMaxFailures how the run ends then
 * @param systemWithin how long tests wait without any system
 * @param failingWithin how long a provisioner may fail without a success
 * @param diskSpaceWithin how long to wait for disk space for artifacts
 * @param runWithin the maximum duration of the run, or null
 * @param holds which systems are held after a failure
 * @param rampUp the time between two requests for a system; zero for none
 * @param known the failures that do not count
 * @param stall what happens when nothing happens, or null
 * @param next chooses the next test for a free slot, or null for the order
 */
record RunRules(
        RerunPolicy reruns,
        DestructionPolicy destruction,
        int maxSystems,
        int spares,
        int failureWindow,
        int maxFailures,
        Stop onMaxFailures,
        Duration systemWithin,
        Duration failingWithin,
        Duration diskSpaceWithin,
        @Nullable Duration runWithin,
        Holds holds,
        Duration rampUp,
        KnownFailures known,
        @Nullable Stall stall,
        @Nullable NextTest next) {
    /** {@return where and when a test runs again, or null if it does not} Calls the policy. */
    @Nullable
    Rerun rerun(TestCase test, List<TestEnd> ends) {
        return reruns.shouldRerun(test, ends) ? reruns.how(test, ends) : null;
    }

    RunRules with(
            int failedSystems,
            int failedTests,
            Stop onFailedTests,
            @Nullable Duration limit,
            Holds held,
            Duration interval) {
        return new RunRules(
                reruns,
                destruction,
                maxSystems,
                spares,
                failedSystems,
                failedTests,
                onFailedTests,
                systemWithin,
                failingWithin,
                diskSpaceWithin,
                limit,
                held,
                interval,
                known,
                stall,
                next);
    }

    RunRules with(@Nullable Stall stalled, @Nullable NextTest chooser) {
        return new RunRules(
                reruns,
                destruction,
                maxSystems,
                spares,
                failureWindow,
                maxFailures,
                onMaxFailures,
                systemWithin,
                failingWithin,
                diskSpaceWithin,
                runWithin,
                holds,
                rampUp,
                known,
                stalled,
                chooser);
    }

    /**
     * What happens when tests wait and nothing happens.
     *
     * @param after the time without progress
     * @param how how the run ends then, or null if it goes on
     */
    record Stall(Duration after, @Nullable Stop how) {}

    /**
     * Which systems are held after a failed test.
     *
     * @param most the maximum number of systems at a time
     * @param time how long each is held
     */
    record Holds(int most, Duration time) {
        static final Holds NONE = new Holds(0, Duration.ZERO);
    }
}
