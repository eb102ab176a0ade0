package org.atex.junit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.RunSummary;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;
import org.opentest4j.IncompleteExecutionException;

/**
 * A run that has ended.
 *
 * @param summary the summary; null if the run ended with an exception
 * @param failure the exception; null if there is a summary
 */
record EndedRun(@Nullable RunSummary summary, @Nullable Throwable failure) implements RunThread.Shown {
    /** The number of tests that are named. */
    private static final int NAMES = 10;

    /** Returns if the run has no problem that its tests do not show. */
    void check() throws Throwable {
        if (failure != null) {
            throw failure;
        }
        if (summary == null) {
            return;
        }
        List<String> problems = new ArrayList<>();
        for (Problem problem : summary.problems()) {
            if (problem.verdict() != Verdict.PASSED) {
                problems.add(EndedTest.printable(problem.message()));
            }
        }
        List<TestSummary> notRun = summary.tests().stream()
                .filter(test -> test.end().outcome() == Outcome.NOT_RUN)
                .toList();
        if (!notRun.isEmpty()) {
            problems.add(Plural.of(notRun.size(), "test") + " did not run: "
                    + notRun.stream()
                            .limit(NAMES)
                            .map(test -> EndedTest.printable(test.name()))
                            .collect(Collectors.joining(", "))
                    + (notRun.size() > NAMES ? ", …" : ""));
        }
        if (!problems.isEmpty()) {
            throw EndedTest.bare(new IncompleteExecutionException(String.join("\n", problems)));
        }
    }
}
