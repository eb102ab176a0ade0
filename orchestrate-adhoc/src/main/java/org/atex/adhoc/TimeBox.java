package org.atex.adhoc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.After;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.Verdict;
import org.atex.artifacts.History;
import org.atex.artifacts.TestHistory;
import org.atex.support.Arguments;
import org.atex.support.Durations;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * A time on a number of systems, and the choice of the tests that are most worth running in it: first those that failed
 * last, then those that never ran, then those whose result changes often or that have not run for long.
 *
 * {@snippet :
 * TimeBox.Choice<TestCase> choice = TimeBox.of(Duration.ofMinutes(30), 5).worth(tests, History.read(file));
 * System.out.println(choice); // what was chosen and left out, and why
 * RunSummary summary = AdHocOrchestrator.builder(choice.tests()).maxSystems(5).on(systems) // …
 * }
 *
 * <p>With a test, those that must pass before it and those of its group are chosen, too. A test counts with its expected
 * duration, else with that of the history, its limit, or the average of the others. The choice depends only on the tests and
 * the history.
 *
 * <p>A run of the chosen tests may take longer if they take longer than expected, or if locks keep them from running at the
 * same time: set {@link AdHocOrchestrator.Builder#runWithin} as well.
 *
 * <p>Immutable.
 */
public final class TimeBox {
    private static final double OFTEN = 0.1;

    private final Duration time;
    private final int systems;
    private final Duration setUp;

    private TimeBox(Duration time, int systems, Duration setUp) {
        this.time = time;
        this.systems = systems;
        this.setUp = setUp;
    }

    /**
     * {@return a time on systems that are ready at once}
     *
     * @param time the time
     * @param systems the number of systems, each of which runs one test at a time
     * @throws IllegalArgumentException if the time is not positive, or there is no system
     */
    public static TimeBox of(Duration time, int systems) {
        return new TimeBox(
                Arguments.positive(time, "the time of the time box"),
                Arguments.atLeast(1, systems, "the number of systems"),
                Duration.ZERO);
    }

    /**
     * {@return a copy with a time until systems are ready, which is then not left for tests}
     *
     * @param until the time, such as {@link History#setUp}
     * @throws IllegalArgumentException if it is negative, or no time is left
     */
    public TimeBox withSetUp(Duration until) {
        if (until.isNegative() || until.compareTo(time) >= 0) {
            throw new IllegalArgumentException("could not use a time box of " + Durations.words(time)
                    + " with systems that are ready after " + Durations.words(until)
                    + ": the time must be at least zero and shorter than the time box");
        }
        return new TimeBox(time, systems, until);
    }

    /**
     * A test that was chosen or left out.
     *
     * @param test its name
     * @param takes the duration with which it counts
     * @param why why it is worth running, and, if it was left out, why
     */
    public record Candidate(String test, Duration takes, String why) {
        @Override
        public String toString() {
            return test + " (" + Durations.words(takes) + "): " + why;
        }
    }

    /**
     * The tests that are worth running in the time, and the others. Immutable.
     *
     * @param tests the chosen tests, in the order given
     * @param chosen the chosen tests, the most informative ones first, with the reasons
     * @param leftOut the other tests, the most informative ones first, with the reasons
     * @param <T> the type of the tests
     */
    public record Choice<T extends TestCase>(List<T> tests, List<Candidate> chosen, List<Candidate> leftOut) {
        /** Copies the lists. */
        public Choice {
            tests = List.copyOf(tests);
            chosen = List.copyOf(chosen);
            leftOut = List.copyOf(leftOut);
        }

        /** {@return the choice as text: a line for each test} */
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            text.append(Plural.of(chosen.size(), "test")).append(" chosen:\n");
            chosen.forEach(test -> text.append("  ").append(test).append('\n'));
            text.append(Plural.of(leftOut.size(), "test")).append(" left out:\n");
            leftOut.forEach(test -> text.append("  ").append(test).append('\n'));
            return text.toString();
        }
    }

    /**
     * {@return the tests that are most worth running in the time}
     *
     * @param tests all tests; their names must be unique
     * @param history what is known from earlier runs
     * @param <T> the type of the tests
     */
    public <T extends TestCase> Choice<T> worth(Collection<? extends T> tests, History history) {
        Choosing choosing =
                new Choosing(new TestUnits(tests.stream().map(PlainTest::copyOf).toList(), history), history);
        choosing.chooseAll();
        List<T> chosen = new ArrayList<>();
        tests.stream().filter(test -> choosing.names.contains(test.name())).forEach(chosen::add);
        return new Choice<>(chosen, choosing.chosen, choosing.leftOut);
    }

    /** How much the result of a test would tell. */
    private record Interest(PlainTest test, int rank, double score, Duration takes, String why) {}

    private final class Choosing {
        private final TestUnits units;
        private final History history;
        private final Map<String, List<String>> groups;
        private final Duration[] used = new Duration[systems];
        private final Set<String> names = new HashSet<>();
        private final List<Candidate> chosen = new ArrayList<>();
        private final List<Candidate> leftOut = new ArrayList<>();

        Choosing(TestUnits units, History history) {
            this.units = units;
            this.history = history;
            Arrays.fill(used, setUp);
            groups = units.tests().stream()
                    .filter(test -> test.group() != null)
                    .collect(Collectors.groupingBy(
                            test -> Objects.requireNonNull(test.group()),
                            Collectors.mapping(PlainTest::name, Collectors.toList())));
        }

        void chooseAll() {
            for (Interest interest : interests()) {
                if (names.contains(interest.test().name())) {
                    continue; // another test needs it
                }
                Set<String> more = needed(interest.test());
                String problem = place(more);
                if (problem.isEmpty()) {
                    names.addAll(more);
                    chosen.add(new Candidate(interest.test().name(), interest.takes(), interest.why()));
                    more.remove(interest.test().name());
                    more.forEach(other -> chosen.add(new Candidate(
                            other, units.takes(other), interest.test().name() + " cannot run without it")));
                } else {
                    leftOut.add(new Candidate(
                            interest.test().name(),
                            interest.takes(),
                            interest.why() + "; left out, since it " + problem));
                }
            }
            leftOut.removeIf(test -> names.contains(test.test()));
        }

        private List<Interest> interests() {
            Instant newest = null;
            Instant oldest = null;
            for (PlainTest test : units.tests()) {
                Instant last = history.test(test.name()).lastStarted();
                newest = last != null && (newest == null || last.isAfter(newest)) ? last : newest;
                oldest = last != null && (oldest == null || last.isBefore(oldest)) ? last : oldest;
            }
            List<Interest> interests = new ArrayList<>();
            for (PlainTest test : units.tests()) {
                interests.add(interest(test, oldest, newest));
            }
            interests.sort(Comparator.comparingInt(Interest::rank)
                    .thenComparing(Comparator.comparingDouble(Interest::score).reversed())
                    .thenComparing(Interest::takes)
                    .thenComparing(interest -> interest.test().name()));
            return interests;
        }

        private Interest interest(PlainTest test, @Nullable Instant oldest, @Nullable Instant newest) {
            TestHistory known = history.test(test.name());
            Outcome outcome = known.lastOutcome();
            Instant last = known.lastStarted();
            Duration takes = units.takes(test.name());
            if (outcome == null || last == null || oldest == null || newest == null) {
                return new Interest(test, 2, 0, takes, "it never ran");
            }
            if (outcome.verdict() == Verdict.FAILED) {
                return new Interest(test, 1, known.flakeRate(), takes, "it failed last");
            }
            double span = Duration.between(oldest, newest).toMillis();
            double age = span == 0 ? 0 : Duration.between(last, newest).toMillis() / span;
            String why = known.flakeRate() >= OFTEN
                    ? "its result changes in %.0f %% of its attempts".formatted(100 * known.flakeRate())
                    : "it passed last, at " + last;
            return new Interest(test, 3, known.flakeRate() + age, takes, why);
        }

        /** Returns the test, and those without which it cannot run, as far as they are not chosen. */
        private Set<String> needed(PlainTest test) {
            Set<String> needed = new LinkedHashSet<>();
            Deque<String> open = new ArrayDeque<>(List.of(test.name()));
            while (!open.isEmpty()) {
                String name = open.remove();
                if (!units.contains(name) || names.contains(name) || !needed.add(name)) {
                    continue;
                }
                PlainTest one = units.test(name);
                one.after().stream()
                        .filter(After::onlyIfPassed)
                        .map(After::test)
                        .forEach(open::add);
                if (one.group() != null) {
                    open.addAll(groups.getOrDefault(one.group(), List.of()));
                }
            }
            return needed;
        }

        /** Places tests on the systems. {@return why that is not possible; empty if they were placed} */
        private String place(Set<String> more) {
            Duration sum = more.stream().map(units::takes).reduce(Duration.ZERO, Duration::plus);
            int least = least(used);
            if (used[least].plus(sum).compareTo(time) <= 0) {
                used[least] = used[least].plus(sum); // one after the other: right in any case
                return "";
            }
            String what = "takes " + Durations.words(sum)
                    + (more.size() == 1 ? "" : " with " + Plural.of(more.size() - 1, "test") + " that it needs");
            boolean isOrdered = more.stream()
                    .flatMap(name -> units.test(name).after().stream())
                    .anyMatch(after -> more.contains(after.test()));
            if (more.size() > 1 && !isOrdered && isSpread(more)) {
                return "";
            }
            Duration left = time.minus(used[least]);
            return what + ", but only " + Durations.words(left) + " of " + Durations.words(time) + " are left";
        }

        /** Places tests that need not run one after the other on several systems. {@return whether they fit} */
        private boolean isSpread(Set<String> more) {
            Duration[] then = used.clone();
            List<String> longest = more.stream()
                    .sorted(Comparator.comparing(units::takes).reversed().thenComparing(Comparator.naturalOrder()))
                    .toList();
            for (String name : longest) {
                int least = least(then);
                then[least] = then[least].plus(units.takes(name));
                if (then[least].compareTo(time) > 0) {
                    return false;
                }
            }
            System.arraycopy(then, 0, used, 0, used.length);
            return true;
        }
    }

    private static int least(Duration[] loads) {
        int least = 0;
        for (int i = 1; i < loads.length; i++) {
            least = loads[i].compareTo(loads[least]) < 0 ? i : least;
        }
        return least;
    }
}
