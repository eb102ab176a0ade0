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
        KnownFailures known) {
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
                known);
    }

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
