package org.atex.findings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.artifacts.PastRun;

/** Describes a kept run. */
final class PastFacts {
    private record Key(String platform, String test) {}

    private PastFacts() {}

    static RunFacts of(PastRun run, FindingsOptions options) {
        Map<Key, List<TestRecord>> attempts = new LinkedHashMap<>();
        for (TestRecord record : run.attempts()) {
            attempts.computeIfAbsent(new Key(record.platform(), record.name()), key -> new ArrayList<>())
                    .add(record);
        }
        List<Ended> tests = new ArrayList<>();
        Set<String> recorded = new HashSet<>();
        for (List<TestRecord> all : attempts.values()) {
            all.sort(Comparator.comparingInt(TestRecord::attempt));
            TestRecord last = all.get(all.size() - 1);
            recorded.add(last.name());
            tests.add(new Ended(
                    last.test(),
                    last.platform(),
                    last.end(),
                    all.stream().filter(record -> record.attempt() > 0).toList(),
                    Excerpt.none(),
                    Excerpt.none(),
                    null));
        }
        for (PlainTest test : run.tests()) {
            if (recorded.add(test.name())) {
                tests.add(unrecorded(run, test));
            }
        }
        return new RunFacts(
                run.id(),
                run.platform(),
                run.directory(),
                run.started(),
                Duration.between(run.started(), run.lastEnd()),
                run.hasEnded(),
                run.verdict(),
                tests.size(),
                inOrderOf(run.tests(), tests),
                run.problems().stream().map(Problem::overcome).toList(),
                new KeptDetails(run, options.maxLastLines())::addTo);
    }

    private static Ended unrecorded(PastRun run, PlainTest test) {
        String why = run.hasEnded()
                ? "the run has no record of it"
                : "the run has not ended: its program was killed, or still runs";
        return new Ended(
                test,
                run.platform(),
                TestEnd.of(Outcome.NOT_RUN, why),
                List.of(),
                Excerpt.none(),
                Excerpt.none(),
                null);
    }

    private static List<Ended> inOrderOf(List<PlainTest> plan, List<Ended> tests) {
        Map<String, Integer> order = new LinkedHashMap<>();
        plan.forEach(test -> order.putIfAbsent(test.name(), order.size()));
        return tests.stream()
                .sorted(Comparator.comparingInt(
                        (Ended test) -> order.getOrDefault(test.test().name(), Integer.MAX_VALUE)))
                .toList();
    }
}
