package org.atex.api;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The result of a run: the final outcome of every planned test, and the problems beside the tests. Immutable.
 *
 * @param tests the final states of the planned tests, in the order of the plan
 * @param problems failures that are not failures of a test, for example results that could not be stored and the place
 *     where they are kept; equal reasons are merged into one problem with a count
 * @param took the duration of the run
 */
public record RunSummary(List<TestSummary> tests, List<Problem> problems, Duration took) {
    /** Copies the lists. */
    public RunSummary {
        tests = List.copyOf(tests);
        problems = List.copyOf(problems);
    }

    /** {@return the number of tests for each outcome that occurred; the numbers add up to the number of tests} */
    public Map<Outcome, Integer> counts() {
        return tests.stream()
                .collect(Collectors.toMap(
                        t -> t.end().outcome(), t -> 1, Integer::sum, () -> new EnumMap<>(Outcome.class)));
    }

    /** {@return the worst verdict of all tests and problems} Known failures do not count. */
    public Verdict verdict() {
        return verdicts().stream().reduce(Verdict.PASSED, Verdict::and);
    }

    /**
     * {@return all verdicts of tests and problems, without {@link Verdict#PASSED}} They tell apart failed tests, failed
     * infrastructure, tests that did not run, and results that were not stored. Known failures do not count.
     */
    public Set<Verdict> verdicts() {
        Set<Verdict> all = EnumSet.noneOf(Verdict.class);
        problems.forEach(problem -> all.add(problem.verdict()));
        tests.forEach(test -> all.add(test.verdict()));
        all.remove(Verdict.PASSED);
        return Collections.unmodifiableSet(all);
    }

    /** {@return the exit code for a program that does nothing but this run, see {@link Verdict#exitCode()}} */
    public int exitCode() {
        return verdict().exitCode();
    }
}
