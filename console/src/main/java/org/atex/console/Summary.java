package org.atex.console;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.Excerpt;
import org.atex.api.KnownFailure;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.atex.support.AgainLine;
import org.atex.support.Plural;
import org.atex.support.RepeatCounter;
import org.jspecify.annotations.Nullable;

/**
 * Formats the end of a run: tests that did not pass, the worst first, then problems, the slowest tests, how to run again
 * only the tests that did not pass, and the numbers.
 *
 * @param run the summary of the run
 * @param details formats the details below a test
 * @param earlier the excerpts of earlier attempts, by test name
 * @param directory the directory of the run, or null if it is not known
 */
record Summary(
        RunSummary run,
        Details details,
        Map<String, Excerpt> earlier,
        @Nullable Path directory) {
    /** The number of groups and problems that are printed in full, to keep the output readable. */
    private static final int IN_FULL = 50;

    private static final int NAMES = 3;
    private static final int NAMES_OF_REST = 10;

    private static final int SLOWEST = 3;
    private static final Duration SLOW = Duration.ofSeconds(1);

    /** {@return the lines; the last one contains the numbers} */
    List<String> lines(Collection<RunEvent.Abandoned> abandoned) {
        List<String> lines = new ArrayList<>(List.of(""));
        List<List<TestSummary>> groups = groups();
        groups.stream().limit(IN_FULL).forEach(group -> lines.addAll(told(group)));
        lines.addAll(rest(groups.stream().skip(IN_FULL).flatMap(List::stream).toList()));
        lines.addAll(problems(abandoned));
        lines.addAll(slowest());
        lines.addAll(again());
        lines.add(numbers());
        return lines;
    }

    /** Groups the tests that did not pass or are flaky. Tests with the same reason and no details share a group. */
    private List<List<TestSummary>> groups() {
        Map<Object, List<TestSummary>> groups = new LinkedHashMap<>();
        run.tests().stream()
                .filter(test -> outcome(test) != Verdict.PASSED || test.flaky())
                .sorted(Comparator.comparing(TestSummary::verdict).reversed())
                .forEach(test -> groups.computeIfAbsent(group(test), key -> new ArrayList<>())
                        .add(test));
        return groups.values().stream()
                .flatMap(group ->
                        group.size() > NAMES ? Stream.of(group) : group.stream().map(List::of))
                .toList();
    }

    /** Returns the verdict on the outcome, whether it counts or not. */
    private static Verdict outcome(TestSummary test) {
        return test.end().outcome().verdict();
    }

    private static String word(TestSummary test) {
        return test.known() == null ? Text.word(test.end().outcome()) : "known";
    }

    /** Returns the reason of a failure, or the rule by which it is known. */
    private static @Nullable String why(TestSummary test) {
        KnownFailure known = test.known();
        return known == null ? test.end().note() : known.toString();
    }

    private static Object group(TestSummary test) {
        boolean alone = test.flaky()
                || outcome(test) == Verdict.FAILED
                || !test.excerpt().equals(Excerpt.none());
        return alone
                ? test.name()
                : List.of(
                        test.end().outcome(),
                        RepeatCounter.kind(Objects.requireNonNullElse(test.end().note(), ""), test.name()));
    }

    private List<String> told(List<TestSummary> group) {
        TestSummary test = group.get(0);
        if (group.size() > 1) {
            String text = group.size() + " tests (" + names(group, NAMES) + ")";
            return List.of(Text.headed(
                    Text.word(test.end().outcome()),
                    text + Text.because(test.end().note())));
        }
        return test.flaky() ? flaky(test) : failed(test);
    }

    private List<String> failed(TestSummary test) {
        int attempts = test.attempts().size();
        String often = attempts > 1 ? " (" + attempts + " attempts)" : "";
        String text = Text.name(test.name()) + often + Text.because(why(test));
        List<String> lines = new ArrayList<>(List.of(Text.headed(word(test), text)));
        if (test.known() == null) {
            lines.addAll(details.of(test.excerpt()));
        }
        lines.addAll(Details.log(test.files()));
        return lines;
    }

    private List<String> flaky(TestSummary test) {
        List<String> lines = new ArrayList<>();
        lines.add(Text.headed(
                "flaky",
                Text.name(test.name()) + " passed in attempt " + test.attempts().size()));
        for (TestRecord attempt : test.attempts().subList(0, test.attempts().size() - 1)) {
            lines.add(Details.below("attempt " + attempt.attempt() + " "
                    + Text.word(attempt.end().outcome())
                    + Text.because(attempt.end().note())));
        }
        lines.addAll(details.of(earlier.getOrDefault(test.name(), Excerpt.none())));
        return lines;
    }

    private static List<String> rest(List<TestSummary> rest) {
        List<String> lines = new ArrayList<>();
        rest.stream()
                .collect(Collectors.groupingBy(
                        test -> test.flaky() ? "flaky" : word(test), LinkedHashMap::new, Collectors.toList()))
                .forEach((word, tests) ->
                        lines.add(Text.headed(word, tests.size() + " more (" + names(tests, NAMES_OF_REST) + ")")));
        if (!rest.isEmpty()) {
            String place = rest.stream()
                    .map(TestSummary::files)
                    .filter(Objects::nonNull)
                    .reduce(Summary::common)
                    .map(directory -> ", their files below " + Text.reason(directory.toString()))
                    .orElse("");
            lines.add(Details.below("their details are in the stored results" + place));
        }
        return lines;
    }

    private static Path common(Path one, Path other) {
        Path common = one;
        while (common.getParent() != null && !other.startsWith(common)) {
            common = common.getParent();
        }
        return common;
    }

    private static String names(List<TestSummary> tests, int limit) {
        return tests.stream().limit(limit).map(test -> Text.name(test.name())).collect(Collectors.joining(", "))
                + (tests.size() > limit ? " …" : "");
    }

    private List<String> problems(Collection<RunEvent.Abandoned> abandoned) {
        Map<Problem, Integer> problems = new LinkedHashMap<>();
        run.problems().forEach(problem -> problems.merge(problem, 1, Integer::sum));
        for (RunEvent.Abandoned call : abandoned) {
            if (run.problems().stream().noneMatch(problem -> problem.message().contains(call.call()))) {
                problems.put(Problem.overcome(RunLines.told(call)), 1);
            }
        }
        List<String> lines = new ArrayList<>();
        problems.entrySet().stream().limit(IN_FULL).forEach(problem -> {
            String word = problem.getKey().verdict() == Verdict.PASSED ? "note" : "problem";
            String often = problem.getValue() > 1 ? " (" + problem.getValue() + " ×)" : "";
            lines.add(Text.headed(word, Text.reason(problem.getKey().message()) + often));
        });
        if (problems.size() > IN_FULL) {
            lines.add(Text.headed("problem", problems.size() - IN_FULL + " more, see the run's summary and log"));
        }
        return lines;
    }

    /** Returns a line with the slowest tests, unless all tests are fast or few. */
    private List<String> slowest() {
        List<TestRecord> last = run.tests().stream()
                .filter(test -> !test.attempts().isEmpty())
                .map(test -> test.attempts().get(test.attempts().size() - 1))
                .toList();
        String slowest = last.stream()
                .sorted(Comparator.comparing(TestRecord::took).reversed())
                .limit(SLOWEST)
                .filter(record -> record.took().compareTo(SLOW) >= 0)
                .map(record -> Text.name(record.name()) + " " + Text.shown(record.took()))
                .collect(Collectors.joining(", "));
        return last.size() <= SLOWEST || slowest.isEmpty() ? List.of() : List.of(Text.headed("slowest", slowest));
    }

    /** Returns a line that says how to run again only the tests that did not pass. */
    private List<String> again() {
        List<String> names = run.tests().stream()
                .filter(test ->
                        outcome(test) != Verdict.PASSED || test.attempts().isEmpty())
                .map(TestSummary::name)
                .toList();
        if (names.isEmpty()) {
            return List.of();
        }
        String java = AgainLine.of(names, directory);
        String how = java.isEmpty() ? "to run only these again, keep the run with keep(directory)" : java;
        return List.of(Text.headed("again", Plural.of(names.size(), "test") + ": " + how));
    }

    private String numbers() {
        StringBuilder numbers = new StringBuilder(Plural.of(run.tests().size(), "test") + ":");
        run.counts().forEach((outcome, count) -> numbers.append(" " + count + " " + Text.word(outcome)));
        String remarks = Stream.of(remark(TestSummary::flaky, "flaky"), remark(test -> test.known() != null, "known"))
                .filter(remark -> !remark.isEmpty())
                .collect(Collectors.joining(", "));
        numbers.append(remarks.isEmpty() ? "" : " (" + remarks + ")");
        String verdicts = run.verdicts().stream()
                .sorted(Comparator.reverseOrder())
                .map(verdict -> verdict.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                .collect(Collectors.joining(", "));
        return numbers + "; " + (verdicts.isEmpty() ? "passed" : verdicts) + " in " + Text.shown(run.took());
    }

    private String remark(Predicate<TestSummary> which, String word) {
        long count = run.tests().stream().filter(which).count();
        return count == 0 ? "" : count + " " + word;
    }
}
