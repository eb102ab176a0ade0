package org.atex.adhoc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.Outcome;
import org.atex.api.Problem;
import org.atex.api.RunSummary;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;

/** What has become of every planned test, and what went wrong beside them. Thread-safe. */
final class Ledger {
    private final List<PlannedTest> planned;
    private final Map<PlannedTest, List<TestRecord>> records = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    Ledger(List<PlannedTest> planned) {
        this.planned = planned;
    }

    synchronized void conclude(PlannedTest test, TestRecord record) {
        records.computeIfAbsent(test, t -> new ArrayList<>(1)).add(record);
    }

    synchronized void problem(String what) {
        problems.add(Problem.infrastructure(what));
    }

    synchronized RunSummary summary(Duration took) {
        List<TestSummary> tests = new ArrayList<>(planned.size());
        for (PlannedTest test : planned) {
            List<TestRecord> all = records.getOrDefault(test, List.of());
            List<TestRecord> attempts =
                    all.stream().filter(record -> record.system() != null).toList();
            tests.add(new TestSummary(test.name(), finalEnd(all), attempts));
        }
        return new RunSummary(tests, problems, took);
    }

    private static TestEnd finalEnd(List<TestRecord> records) {
        TestRecord last = records.isEmpty() ? null : records.get(records.size() - 1);
        return last != null && last.last()
                ? last.end()
                : TestEnd.of(Outcome.NOT_RUN, "the run broke down before its end");
    }
}
