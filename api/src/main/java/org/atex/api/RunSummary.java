package org.atex.api;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a run came to: every planned test, in the order planned, with its one final outcome.
 *
 * @param tests the planned tests
 * @param problems what went wrong beside the tests, such as results that could not be stored and where they are kept;
 *     the same reason is there once, with how often
 * @param took how long the run took
 */
public record RunSummary(List<TestSummary> tests, List<Problem> problems, Duration took) {
    /** Copies the lists. */
    public RunSummary {
        tests = List.copyOf(tests);
        problems = List.copyOf(problems);
    }

    /** {@return how many tests ended each way; the numbers add up to the number of tests} */
    public Map<Outcome, Integer> counts() {
        return tests.stream()
                .collect(Collectors.toMap(
                        t -> t.end().outcome(), t -> 1, Integer::sum, () -> new EnumMap<>(Outcome.class)));
    }

    /** {@return the worst of the verdicts of tests and problems} */
    public Verdict verdict() {
        Verdict worst = Verdict.PASSED;
        for (Problem problem : problems) {
            worst = worst.and(problem.verdict());
        }
        for (TestSummary test : tests) {
            worst = worst.and(test.end().outcome().verdict());
        }
        return worst;
    }

    /** {@return the exit code for a program that does nothing but this run} */
    public int exitCode() {
        return verdict().exitCode();
    }
}
