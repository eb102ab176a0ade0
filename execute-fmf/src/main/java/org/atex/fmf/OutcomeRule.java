package org.atex.fmf;

import java.util.Map;
import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;

/**
 * Decides the outcome of a test that ended by itself, from its exit code and its reported results. It is not called for
 * tests that the executor stopped or that were lost. The rule is called by the thread that runs the test. It is shared
 * by all tests and must be thread-safe.
 */
@FunctionalInterface
public interface OutcomeRule {
    /**
     * Decides the outcome of a test.
     *
     * @param end the end of the test by the default rule, in which its own final result takes precedence over its exit
     *     code
     * @param subtests the number of reported results with a name, by status; results without a status are not counted
     * @return the outcome: {@link Outcome#PASSED}, {@link Outcome#FAILED}, {@link Outcome#ERROR} or {@link
     *     Outcome#SKIPPED}
     */
    Outcome decide(TestEnd end, Map<Status, Long> subtests);

    /** {@return the default rule: results with a name do not count} */
    static OutcomeRule defaultRule() {
        return (end, subtests) -> end.outcome();
    }

    /** {@return a rule by which a test that would pass fails if a result with a name is a failure or an error} */
    static OutcomeRule withSubtests() {
        return (end, subtests) -> {
            boolean failed = subtests.keySet().stream()
                    .map(Outcome::of)
                    .anyMatch(outcome -> outcome == Outcome.FAILED || outcome == Outcome.ERROR);
            return end.outcome() == Outcome.PASSED && failed ? Outcome.FAILED : end.outcome();
        };
    }

    /**
     * {@return a rule by which a test that would pass fails if its exit code is not 0} By the default rule, as in tmt,
     * the exit code is ignored once a test has reported a result about itself, or about a part with {@code
     * tmt-report-result}.
     */
    static OutcomeRule withExitCode() {
        return (end, subtests) -> {
            Integer code = end.exitCode();
            return end.outcome() == Outcome.PASSED && code != null && code != 0 ? Outcome.FAILED : end.outcome();
        };
    }
}
