package org.atex.artifacts;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.atex.api.Outcome;
import org.atex.api.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * The last attempts at a test in earlier runs, and what follows from them. Attempts that say nothing about the test are
 * left out: those that were cancelled, whose system was lost, or whose host was put in quarantine. Immutable.
 */
public final class TestHistory {
    /** More than the last ones would hide that a test has become slower. */
    private static final int FOR_EXPECTED = 10;

    private static final Comparator<End> ORDER = Comparator.comparing(End::started)
            .thenComparing(End::run)
            .thenComparingInt(End::attempt)
            .thenComparing(End::took)
            .thenComparing(End::outcome);

    private static final TestHistory EMPTY = new TestHistory(List.of());

    private final List<End> ends;

    private TestHistory(List<End> ends) {
        this.ends = List.copyOf(ends);
    }

    /**
     * The end of an attempt.
     *
     * @param run the id of its run
     * @param attempt the number of the attempt in the run
     * @param started when it started
     * @param took how long it took
     * @param outcome its outcome
     */
    public record End(String run, int attempt, Instant started, Duration took, Outcome outcome) {}

    private record Key(String run, int attempt) {}

    static TestHistory empty() {
        return EMPTY;
    }

    /** {@return whether the end of an attempt says something about the test} */
    static boolean counts(Outcome outcome) {
        return outcome.verdict() == Verdict.PASSED || outcome.verdict() == Verdict.FAILED;
    }

    /** {@return a history of these ends, which a file usually has in their order} */
    static TestHistory of(List<End> ends, int most) {
        for (int i = 1; i < ends.size(); i++) {
            if (ORDER.compare(ends.get(i - 1), ends.get(i)) >= 0) {
                return EMPTY.with(ends, most);
            }
        }
        return ends.size() > most ? EMPTY.with(ends, most) : new TestHistory(ends);
    }

    /** {@return this history with more ends, each of them once, and without the oldest} */
    TestHistory with(List<End> more, int most) {
        Map<Key, End> all = new HashMap<>();
        Stream.concat(ends.stream(), more.stream()).forEach(end -> {
            // Of two descriptions of one attempt, which only a damaged file has, the same one wins in any order.
            all.merge(new Key(end.run(), end.attempt()), end, (a, b) -> ORDER.compare(a, b) >= 0 ? a : b);
        });
        List<End> sorted = new ArrayList<>(all.values());
        sorted.sort(ORDER);
        return new TestHistory(sorted.subList(Math.max(0, sorted.size() - most), sorted.size()));
    }

    /** {@return the ends of the attempts, the oldest first} */
    public List<End> ends() {
        return ends;
    }

    /**
     * {@return the duration to expect, or null if it is not known} It is the median of the last ten attempts that passed;
     * if none passed, of those that failed or exceeded their limit; if there is none either, of those that skipped the test.
     */
    public @Nullable Duration expected() {
        List<Duration> durations = durations(end -> end.outcome() == Outcome.PASSED);
        if (durations.isEmpty()) {
            durations = durations(end -> end.outcome() != Outcome.PASSED);
        }
        if (durations.isEmpty()) {
            durations = ends.stream()
                    .filter(end -> end.outcome() == Outcome.SKIPPED)
                    .map(End::took)
                    .toList();
        }
        return durations.isEmpty()
                ? null
                : median(durations.subList(Math.max(0, durations.size() - FOR_EXPECTED), durations.size()));
    }

    static Duration median(List<Duration> durations) {
        List<Duration> sorted = durations.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1
                ? sorted.get(middle)
                : sorted.get(middle - 1).plus(sorted.get(middle)).dividedBy(2);
    }

    /**
     * {@return the duration that 99 % of the attempts did not exceed, or null if none is known} Includes attempts that were
     * ended by their limit: a test that has become slower gets more time in the next run.
     */
    public @Nullable Duration p99() {
        List<Duration> sorted = durations(end -> true).stream().sorted().toList();
        return sorted.isEmpty() ? null : sorted.get((int) Math.ceil(sorted.size() * 0.99) - 1);
    }

    /** {@return the number of attempts with a duration that counts: those that passed, failed or exceeded their limit} */
    public int samples() {
        return durations(end -> true).size();
    }

    /** {@return the number of attempts that passed} */
    public int passed() {
        return durations(end -> end.outcome() == Outcome.PASSED).size();
    }

    private List<Duration> durations(Predicate<End> which) {
        return ends.stream()
                .filter(end -> switch (end.outcome()) {
                    case PASSED, FAILED, TIMED_OUT -> which.test(end);
                    default -> false;
                })
                .map(End::took)
                .toList();
    }

    /**
     * {@return how often the result changed from one attempt to the next, from 0 for never to 1 for always} A test that
     * passes and fails by turns has 1, a test that fails always has 0.
     */
    public double flakeRate() {
        List<Boolean> passed = ends.stream()
                .filter(end -> end.outcome() != Outcome.SKIPPED)
                .map(end -> end.outcome() == Outcome.PASSED)
                .toList();
        int changes = 0;
        for (int i = 1; i < passed.size(); i++) {
            changes += passed.get(i).equals(passed.get(i - 1)) ? 0 : 1;
        }
        return passed.size() < 2 ? 0 : (double) changes / (passed.size() - 1);
    }

    /** {@return the outcome of the last attempt, or null if there is none} */
    public @Nullable Outcome lastOutcome() {
        return ends.isEmpty() ? null : ends.get(ends.size() - 1).outcome();
    }

    /** {@return when the last attempt started, or null if there is none} */
    public @Nullable Instant lastStarted() {
        return ends.isEmpty() ? null : ends.get(ends.size() - 1).started();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TestHistory history && ends.equals(history.ends);
    }

    @Override
    public int hashCode() {
        return ends.hashCode();
    }

    /** {@return the numbers in one line, for people} */
    @Override
    public String toString() {
        return ends.isEmpty()
                ? "never run"
                : "%d attempts, last %s at %s, expected %s, p99 %s, flake rate %.2f"
                        .formatted(ends.size(), lastOutcome(), lastStarted(), expected(), p99(), flakeRate());
    }
}
