package org.atex.html;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestRecord;
import org.atex.artifacts.History;
import org.atex.artifacts.PastRun;
import org.atex.artifacts.TestHistory;
import org.jspecify.annotations.Nullable;

/** Adds what earlier runs tell about tests to their entries. Immutable. */
final class EarlierRuns {
    /** The number of attempts that are shown of each test. */
    private static final int ENDS = 20;

    private final History history;
    private final @Nullable PastRun former;
    private final Map<String, TestRecord> ends;

    EarlierRuns(HtmlOptions options) {
        this.history = options.history();
        this.former = options.former();
        this.ends = former == null ? Map.of() : former.ends();
    }

    /** Adds the last attempts at a test, and its end in the former run. */
    void addTo(Line line, String test) {
        List<TestHistory.End> last = history.test(test).ends();
        line.put(
                "h",
                last.subList(Math.max(0, last.size() - ENDS), last.size()).stream()
                        .map(end -> letter(end.outcome()))
                        .collect(Collectors.joining()));
        TestRecord end = ends.get(test);
        if (end != null) {
            line.put("m", end.end().outcome().name()).put("w", end.took().toMillis());
        }
    }

    /** {@return the first letter of an outcome, by which the script tells those of a history apart} */
    private static String letter(Outcome outcome) {
        return outcome.name().substring(0, 1);
    }

    /** {@return the entry of the former run; null if there is none} */
    @Nullable
    Line former() {
        return former == null
                ? null
                : Line.of(EntryKind.FORMER_RUN)
                        .put("r", former.id())
                        .put("t", former.started().toEpochMilli());
    }

    /** {@return the entry of tests that only the former run has; null if there are none} */
    @Nullable
    Line missing(Collection<PlainTest> plan) {
        Set<String> planned = plan.stream().map(PlainTest::name).collect(Collectors.toSet());
        List<String> missing =
                ends.keySet().stream().filter(name -> !planned.contains(name)).toList();
        return missing.isEmpty() ? null : Line.of(EntryKind.MISSING_TESTS).put("n", missing);
    }
}
