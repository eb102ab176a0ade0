package org.atex.adhoc;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.RunSummary;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.support.Plural;
import org.atex.support.RepeatCounter;
import org.jspecify.annotations.Nullable;

/** Collects the outcome of every planned test and the problems outside the tests. Thread-safe. */
final class RunResults {
    private static final int MOST_REASONS = 50;
    private static final int MOST_NAMES = 3;

    /** Failures with the same reason, reported once. */
    private static final class Failures {
        private final String reason;
        private int count;
        private final Set<String> subjects = new LinkedHashSet<>();
        private @Nullable Path kept;

        Failures(String reason) {
            this.reason = reason;
        }
    }

    private final List<PlannedTest> planned;
    private final KnownFailures known;
    private final Set<String> elsewhere;
    private final Map<PlannedTest, List<TestRecord>> records = new HashMap<>();
    private final Map<PlannedTest, Excerpt> excerpts = new HashMap<>();
    private final Map<String, Path> files = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Map<String, Failures> setUps = new LinkedHashMap<>();
    private final Map<NamedSink, Map<String, Failures>> unstored = new LinkedHashMap<>();
    private int otherSetUps;

    /**
     * Creates an object without results.
     *
     * @param known the failures that do not count
     * @param elsewhere the names of tests that are in other shards
     */
    RunResults(List<PlannedTest> planned, KnownFailures known, Set<String> elsewhere) {
        this.planned = planned;
        this.known = known;
        this.elsewhere = elsewhere;
    }

    synchronized void conclude(PlannedTest test, TestRecord record, Excerpt excerpt) {
        records.computeIfAbsent(test, t -> new ArrayList<>(1)).add(record);
        if (excerpt.equals(Excerpt.none())) {
            excerpts.remove(test);
        } else {
            excerpts.put(test, excerpt);
        }
    }

    synchronized void stored(TestRecord record, @Nullable Path where) {
        if (where != null && record.last()) {
            files.put(record.name(), where);
        }
    }

    synchronized void problem(Problem problem) {
        problems.add(problem);
    }

    /** Records a system that could not be provisioned or prepared. */
    synchronized void setUpFailed(String system, String why) {
        // The reason names the machine, which may have provided several systems.
        String kind = RepeatCounter.kind(why, system.replaceFirst("#\\d+$", ""));
        // Bounds the memory and the summary if every failure has a reason of its own.
        if (setUps.size() >= MOST_REASONS && !setUps.containsKey(kind)) {
            otherSetUps++;
            return;
        }
        count(setUps, kind, why, system);
    }

    /** Records an attempt with results that a sink did not store, and the place where they are kept, if they are. */
    synchronized void notStored(TestRecord record, NamedSink sink, String why, @Nullable String where) {
        Failures failures = count(
                unstored.computeIfAbsent(sink, s -> new LinkedHashMap<>()),
                RepeatCounter.kind(why, record.name()),
                why,
                record.name());
        if (where != null) {
            failures.kept =
                    failures.count == 1 ? Path.of(where) : Path.of(where).getParent();
        }
    }

    private static Failures count(Map<String, Failures> all, String kind, String reason, String subject) {
        Failures failures = all.computeIfAbsent(kind, k -> new Failures(reason));
        failures.count++;
        if (failures.subjects.size() <= MOST_NAMES) {
            failures.subjects.add(subject);
        }
        return failures;
    }

    synchronized RunSummary summary(Duration took) {
        List<TestSummary> tests = new ArrayList<>(planned.size());
        for (PlannedTest test : planned) {
            List<TestRecord> all = records.getOrDefault(test, List.of());
            List<TestRecord> attempts =
                    all.stream().filter(record -> record.system() != null).toList();
            tests.add(TestSummary.of(test.facts, finalEnd(all), attempts)
                    .withExcerpt(excerpts.getOrDefault(test, Excerpt.none()))
                    .withFiles(files.get(test.name())));
        }
        List<Problem> all = allProblems();
        Map<String, TestEnd> ends = new HashMap<>();
        if (known.hasRemarks()) {
            tests.forEach(test -> ends.put(test.name(), test.end()));
        }
        known.remarks(ends, elsewhere).forEach(remark -> all.add(Problem.overcome(remark)));
        return new RunSummary(tests, all, took);
    }

    private List<Problem> allProblems() {
        List<Problem> all = new ArrayList<>(problems);
        setUps.values()
                .forEach(failures ->
                        all.add(Problem.overcome(times(failures, "system") + " could not be used" + reason(failures))));
        if (otherSetUps > 0) {
            all.add(Problem.overcome(otherSetUps + " more systems could not be used, for other reasons"));
        }
        unstored.forEach((sink, kinds) -> kinds.values()
                .forEach(failures -> all.add(sink.problem("the results of " + times(failures, "attempt")
                        + " were not stored" + sink.by() + reason(failures)
                        + (failures.kept == null
                                ? ""
                                : "; they are kept in " + failures.kept + ", Spool.replay stores them")))));
        return all;
    }

    private static String reason(Failures failures) {
        return (failures.count > 1 ? "; the first one: " : ": ") + failures.reason;
    }

    private static String times(Failures failures, String what) {
        boolean more = failures.subjects.size() > MOST_NAMES;
        String names =
                String.join(", ", failures.subjects.stream().limit(MOST_NAMES).toList());
        return Plural.of(failures.count, what) + " (" + names + (more ? ", …" : "") + ")";
    }

    private static TestEnd finalEnd(List<TestRecord> records) {
        TestRecord last = records.isEmpty() ? null : records.get(records.size() - 1);
        return last != null && last.last()
                ? last.end()
                : TestEnd.of(Outcome.NOT_RUN, "the run failed before this test could end");
    }
}
