package org.atex.adhoc;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.atex.api.After;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.MultihostTest;
import org.atex.api.Outcome;
import org.atex.api.RunFailedException;
import org.atex.api.RunSummary;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.atex.support.Arguments;
import org.atex.support.Durations;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * Finds the test that makes another test fail, by its effects on their system. The other test passes on a fresh system,
 * and fails on one on which certain tests ran before it. The search runs it alone, then after all of its predecessors, and
 * then after one half of them, and a half of that half, until one test is left. That takes about log2(n) + 3 short runs
 * for n predecessors.
 *
 * {@snippet :
 * CulpritSearch search = CulpritSearch.by(
 *         tests -> AdHocOrchestrator.builder(tests).on(containers).with(CommandExecutor.factory()));
 * PastRun run = PastRun.latest(Path.of("runs")).orElseThrow();
 * for (String failed : run.failed()) {
 *     System.out.println(search.find(tests, failed, Predecessors.of(run).before(failed)));
 * }
 * }
 *
 * <p>Each trial is a run of its own, with one system that it releases, in which the tests run one after the other in the
 * given order. Groups, priorities and dependencies ({@link TestCase#after()}) of the tests are ignored, and a destructive
 * test does not end the use of the system. Locks, needs, fixtures and limits apply.
 *
 * <p>A system must be fresh when it is ready. Provisioners of containers and virtual machines ensure that. For fixed
 * machines, {@link AdHocOrchestrator.Builder#setup} must restore them.
 *
 * <p>The answer is as good as the test: one that fails at random may lead to a wrong one. The culprit is named only if the
 * test has failed after it alone.
 *
 * <p>Immutable and thread-safe.
 */
public final class CulpritSearch {
    private static final int DEFAULT_TRIALS = 20;
    private static final Duration DEFAULT_WITHIN = Duration.ofDays(1);
    private static final String GROUP = "atex-culprit-search";

    private final Function<List<TestCase>, AdHocOrchestrator.Builder> runs;
    private final int maxTrials;
    private final Duration time;

    private CulpritSearch(Function<List<TestCase>, AdHocOrchestrator.Builder> runs, int maxTrials, Duration time) {
        this.runs = runs;
        this.maxTrials = maxTrials;
        this.time = time;
    }

    /**
     * {@return a search with at most 20 trials and one day}
     *
     * @param runs returns a new builder of a run of the given tests, with a provisioner and an executor factory. The
     *     search sets the order, the number of systems, the policies for reruns and destruction, and the time limit of the
     *     run. If an aggregator is added, it stores the results of all trials.
     */
    public static CulpritSearch by(Function<List<TestCase>, AdHocOrchestrator.Builder> runs) {
        return new CulpritSearch(runs, DEFAULT_TRIALS, DEFAULT_WITHIN);
    }

    /**
     * {@return a copy with another maximum number of trials}
     *
     * @param count the number, at least 1
     */
    public CulpritSearch withMaxTrials(int count) {
        return new CulpritSearch(runs, Arguments.atLeast(1, count, "maxTrials"), time);
    }

    /**
     * {@return a copy with another maximum time for all trials together} A trial that runs at its end is cancelled.
     *
     * @param limit the time
     */
    public CulpritSearch withSearchWithin(Duration limit) {
        return new CulpritSearch(runs, maxTrials, Arguments.positive(limit, "the time of the search"));
    }

    /** The answer of a search. */
    public enum Finding {
        /** One test makes the other one fail. */
        FOUND,
        /** The test fails on a fresh system: the order is not the cause. */
        FAILS_ALONE,
        /** The test passes after all of its predecessors: it is flaky, or something else was the cause. */
        PASSES,
        /** The test fails after all of its predecessors, but not after any one that the search has led to. */
        NO_SINGLE_TEST,
        /** The trials or the time were used up, or systems failed. */
        UNDECIDED
    }

    /**
     * A run of the search.
     *
     * @param predecessors the tests that ran before the test on a fresh system, in order
     * @param outcome the outcome of the test; null if it says nothing, because the test or one of its predecessors did not
     *     run, or not on the same system
     * @param note the reason, in one line; may be empty
     */
    public record Trial(List<String> predecessors, @Nullable Outcome outcome, String note) {
        /** Copies the list. */
        public Trial {
            predecessors = List.copyOf(predecessors);
        }

        /** Returns whether the test failed; false if it passed or the outcome says nothing. */
        boolean hasFailed() {
            return outcome != null && outcome.verdict() == Verdict.FAILED;
        }

        boolean hasPassed() {
            return outcome == Outcome.PASSED;
        }

        /** {@return the trial in one line, for people} */
        @Override
        public String toString() {
            String after = predecessors.isEmpty()
                    ? "alone"
                    : "after " + (predecessors.size() == 1 ? predecessors.get(0) : predecessors.size() + " tests");
            return after + ": " + (outcome == null ? "no result" : outcome.name())
                    + (note.isEmpty() ? "" : " (" + note + ")");
        }
    }

    /**
     * The result of a search.
     *
     * @param test the test that failed
     * @param finding the answer
     * @param culprit the test that makes it fail; null if none was found
     * @param trials the runs of the search, in order
     * @param note why the search is undecided; else empty
     */
    public record Report(
            String test, Finding finding, @Nullable String culprit, List<Trial> trials, String note) {
        /** Copies the list. */
        public Report {
            trials = List.copyOf(trials);
        }

        /** {@return the answer in one line, and a line for each trial, for people} */
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder(test).append(' ').append(words());
            trials.forEach(one -> text.append("\n    ").append(one));
            return text.toString();
        }

        private String words() {
            return switch (finding) {
                case FOUND -> "fails after " + culprit;
                case FAILS_ALONE -> "fails on a fresh system, too: the tests before it are not the cause";
                case PASSES -> "passes after the same tests: it is flaky, or something else was the cause";
                case NO_SINGLE_TEST -> "fails after all of the tests, but no single one is the cause";
                case UNDECIDED -> "could not be examined: " + note;
            };
        }
    }

    /**
     * Searches the culprit. Blocks until it is found, or the trials or the time are used up.
     *
     * @param tests the tests, among which are the one that failed and its predecessors; names must be unique
     * @param test the name of the test that failed
     * @param predecessors the names of the tests that ran on the system before it, in order, see {@link Predecessors}
     * @return the result
     * @throws IllegalArgumentException if a test is missing among the tests, is listed twice, or runs on several systems,
     *     or the run cannot be built
     * @throws InterruptedException if interrupted; the run of the trial is cancelled, and its system released
     */
    public Report find(Collection<? extends TestCase> tests, String test, List<String> predecessors)
            throws InterruptedException {
        Map<String, TestCase> byName = new HashMap<>();
        tests.forEach(one -> byName.putIfAbsent(one.name(), one));
        TestCase failed = suspect(byName, test);
        Map<String, TestCase> suspects = new LinkedHashMap<>();
        for (String name : predecessors) {
            if (name.equals(test) || suspects.put(name, suspect(byName, name)) != null) {
                throw new IllegalArgumentException(
                        "the test " + name + " is listed twice: a test runs once in each trial, so remove one of them");
            }
        }
        return new Search(failed, suspects).search();
    }

    private static TestCase suspect(Map<String, TestCase> tests, String name) {
        TestCase test = tests.get(name);
        if (test == null) {
            throw new IllegalArgumentException(
                    "the test " + name + " is not among the " + Plural.of(tests.size(), "test")
                            + " of the search: give it the tests of the run in which it failed");
        }
        if (test.unwrap(MultihostTest.class).isPresent()) {
            throw new IllegalArgumentException("the test " + name
                    + " runs on several systems, but a search uses one system: leave it out of the predecessors");
        }
        return new InOrder(test);
    }

    /** A test without the properties that would change the order of the trials. */
    private record InOrder(TestCase wrapped) implements TestCase {
        @Override
        public String name() {
            return wrapped.name();
        }

        @Override
        public int priority() {
            return 0;
        }

        @Override
        public Set<After> after() {
            return Set.of();
        }

        @Override
        public boolean destructive() {
            return false;
        }

        @Override
        public String group() {
            return GROUP;
        }
    }

    /** Stores nothing. */
    private static final class NoResults implements Aggregator {
        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            try {
                artifacts.delete();
            } catch (IOException e) {
                throw new AggregationException("could not delete " + artifacts + ": " + e, e);
            }
        }

        @Override
        public void close() {
            // It holds nothing.
        }
    }

    private final class Search {
        private final TestCase test;
        private final Map<String, TestCase> suspects;
        private final Map<List<String>, Trial> trials = new LinkedHashMap<>();
        private final long begin = System.nanoTime();
        private String whyUnknown = "";

        Search(TestCase test, Map<String, TestCase> suspects) {
            this.test = test;
            this.suspects = suspects;
        }

        Report search() throws InterruptedException {
            List<String> left = List.copyOf(suspects.keySet());
            Trial alone = attempt(List.of());
            if (!alone.hasPassed()) {
                return report(alone.hasFailed() ? Finding.FAILS_ALONE : Finding.UNDECIDED, null);
            }
            Trial all = attempt(left);
            if (all.hasPassed()) {
                return report(Finding.PASSES, null);
            }
            // If one of the predecessors breaks the system, others can still be tried without it.
            boolean reproduced = all.hasFailed();
            while (left.size() > 1) {
                List<String> first = left.subList(0, left.size() / 2);
                List<String> second = left.subList(left.size() / 2, left.size());
                Trial half = attempt(first);
                if (half.hasFailed()) {
                    left = first;
                } else if (half.hasPassed()) {
                    left = second;
                } else {
                    Trial other = attempt(second);
                    if (!other.hasFailed() && !other.hasPassed()) {
                        return report(Finding.UNDECIDED, null);
                    }
                    left = other.hasFailed() ? second : first;
                }
            }
            Trial last = attempt(left);
            if (last.hasFailed()) {
                return report(Finding.FOUND, left.get(0));
            }
            return report(last.hasPassed() && reproduced ? Finding.NO_SINGLE_TEST : Finding.UNDECIDED, null);
        }

        private Report report(Finding finding, @Nullable String culprit) {
            String note = finding == Finding.UNDECIDED ? whyUnknown : "";
            return new Report(test.name(), finding, culprit, List.copyOf(trials.values()), note);
        }

        private Trial attempt(List<String> before) throws InterruptedException {
            Trial known = trials.get(before);
            if (known != null) {
                return known;
            }
            Duration left = time.minusNanos(System.nanoTime() - begin);
            String why = trials.size() >= maxTrials
                    ? "all of " + maxTrials + " trials have been made (withMaxTrials)"
                    : left.isPositive()
                            ? ""
                            : "the time of " + Durations.words(time) + " has passed (withSearchWithin)";
            if (!why.isEmpty()) {
                whyUnknown = why;
                return new Trial(before, null, why);
            }
            Trial made = run(before, left);
            trials.put(List.copyOf(before), made);
            if (!made.hasPassed() && !made.hasFailed()) {
                whyUnknown = made.toString();
            }
            return made;
        }

        private Trial run(List<String> before, Duration within) throws InterruptedException {
            List<TestCase> all = new ArrayList<>();
            before.forEach(name -> all.add(suspects.getOrDefault(name, test)));
            all.add(test);
            AdHocOrchestrator.Builder builder = runs.apply(List.copyOf(all));
            try (AdHocOrchestrator run = builder.into(new NoResults())
                    .group(TestGroup.serial(GROUP))
                    .order(TestOrder.given())
                    .reruns(RerunPolicy.never())
                    .destruction((one, end) -> false)
                    .maxSystems(1)
                    .spares(0)
                    .maxFailures(Integer.MAX_VALUE)
                    .runWithin(within)
                    .build()) {
                return result(before, run.run());
            } catch (RunFailedException e) {
                return new Trial(before, null, Throwables.describe(e));
            }
        }

        private Trial result(List<String> before, RunSummary summary) {
            Map<String, TestSummary> ends = new HashMap<>();
            summary.tests().forEach(one -> ends.put(one.name(), one));
            Set<SystemInfo> systems = new LinkedHashSet<>();
            for (String name : before) {
                String problem = notRun(end(ends, name), systems);
                if (!problem.isEmpty()) {
                    return new Trial(before, null, name + " " + problem);
                }
            }
            TestSummary end = end(ends, test.name());
            String problem = notRun(end, systems);
            if (!problem.isEmpty()) {
                return new Trial(before, null, test.name() + " " + problem);
            }
            if (systems.size() > 1) {
                return new Trial(before, null, "the tests ran on several systems: " + systems);
            }
            Outcome outcome = end.end().outcome();
            String note = end.end().note() == null ? "" : end.end().note();
            boolean tells = outcome == Outcome.PASSED || outcome.verdict() == Verdict.FAILED;
            return tells
                    ? new Trial(before, outcome, note)
                    : new Trial(
                            before, null, test.name() + " ended as " + outcome + (note.isEmpty() ? "" : ": " + note));
        }

        private static TestSummary end(Map<String, TestSummary> ends, String name) {
            TestSummary end = ends.get(name);
            if (end == null) {
                throw new IllegalArgumentException(
                        "the test " + name + " is not part of the run of a trial: the function"
                                + " of CulpritSearch.by must return a builder of a run of the tests that it is given");
            }
            return end;
        }

        /** {@return why a test did not run; empty if it did} Adds its systems. */
        private static String notRun(TestSummary end, Set<SystemInfo> systems) {
            end.attempts().forEach(attempt -> {
                if (attempt.system() != null) {
                    systems.add(attempt.system());
                }
            });
            Outcome outcome = end.end().outcome();
            String note = end.end().note() == null ? "" : ": " + end.end().note();
            return switch (outcome) {
                case PASSED, FAILED, ERROR, TIMED_OUT, SKIPPED, SETUP_FAILED ->
                    end.attempts().isEmpty() ? "did not run" + note : "";
                case LOST, CANCELLED, NOT_RUN -> "ended as " + outcome + note;
            };
        }
    }
}
