package org.atex.fmf;

import java.util.Map;
import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;

/**
 * Decides how a test ended that ended by itself, from its exit code and what it reported. Not asked about tests that the
 * runner or the infrastructure ended. Called by the thread that runs the test; shared by all tests, and so thread-safe.
 */
@FunctionalInterface
public interface OutcomeRule {
    /**
     * Decides.
     *
     * @param end how it ended by the rules of the format: its own final result wins over its exit code
     * @param subtests how many results with a name it reported, by their status; those without a status are left out
     * @return how it ended; {@link Outcome#PASSED}, {@link Outcome#FAILED}, {@link Outcome#ERROR} or
     *     {@link Outcome#SKIPPED}
     */
    Outcome decide(TestEnd end, Map<Status, Long> subtests);

    /** {@return the rule of the format: results with a name do not count} */
    static OutcomeRule ofTheTestItself() {
        return (end, subtests) -> end.outcome();
    }

    /** {@return the rule by which a test that otherwise passed fails if any result with a name is a failure or an error} */
    static OutcomeRule withSubtests() {
        return (end, subtests) -> {
            boolean failed = subtests.keySet().stream()
                    .map(Outcome::of)
                    .anyMatch(outcome -> outcome == Outcome.FAILED || outcome == Outcome.ERROR);
            return end.outcome() == Outcome.PASSED && failed ? Outcome.FAILED : end.outcome();
        };
    }

    /**
     * {@return the rule by which a test that otherwise passed fails if its exit code is not 0} By the rule of the format, and of
     * tmt, the exit code does not matter once a test has reported anything of itself or its parts.
     */
    static OutcomeRule withExitCode() {
        return (end, subtests) -> {
            Integer code = end.exitCode();
            return end.outcome() == Outcome.PASSED && code != null && code != 0 ? Outcome.FAILED : end.outcome();
        };
    }
}
