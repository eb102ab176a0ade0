package org.atex.adhoc;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.atex.support.Arguments;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/**
 * The expected course of a run: which test runs on which system, and when. {@link AdHocOrchestrator.Builder#forecast}
 * makes it with the schedule of the run itself, on a clock that does not exist; it touches no system and takes less than
 * a second for thousands of tests.
 *
 * {@snippet :
 * Forecast forecast = builder.maxSystems(8).forecast(Forecast.Assumptions.defaults().withSetUp(Duration.ofMinutes(2)));
 * System.out.println(forecast); // a line for each test, and the expected end
 * }
 *
 * <p>Every test is assumed to pass, and to take its expected duration, which may be that of the
 * {@linkplain RunBuilder#history history}; without one, its limit, and without a limit the duration of the
 * {@link Assumptions}. With {@link Assumptions#withDurations}, it is one of a past run with other settings. Provisioners are assumed to have the labels that they declare, and all others that tests need.
 * The policies of the program are not asked. {@link AdHocOrchestrator.Builder#alternatives} has the effects of another number
 * of systems, or of another order.
 *
 * <p>Immutable.
 */
public final class Forecast {
    private final List<Entry> timeline;
    private final Map<String, String> notRun;
    private final List<Entry> criticalPath;
    private final Duration end;
    private final int systems;
    private final Duration systemTime;

    Forecast(
            List<Entry> timeline,
            Map<String, String> notRun,
            List<Entry> criticalPath,
            Duration end,
            int systems,
            Duration systemTime) {
        this.timeline = timeline.stream()
                .sorted(Comparator.comparing(Entry::start).thenComparing(Entry::system))
                .toList();
        this.notRun = Map.copyOf(notRun);
        this.criticalPath = List.copyOf(criticalPath);
        this.end = end;
        this.systems = systems;
        this.systemTime = systemTime;
    }

    /**
     * A test on a system. Times are since the begin of the run.
     *
     * @param test the name of the test; of one on several systems, with the name of its guest
     * @param system the system: the name of its provisioner and a number
     * @param start when it starts
     * @param end when it ends
     * @param waitsFor the last thing for which it waits, such as {@code the end of /a on fedora 1}; empty if it starts at
     *     once
     */
    public record Entry(String test, String system, Duration start, Duration end, String waitsFor) {}

    /**
     * A change of the run, and its effect.
     *
     * @param change the change in words, such as {@code 9 systems instead of 8}
     * @param forecast the forecast of the changed run
     * @param saves how much earlier the changed run ends; negative if it ends later
     * @param moreSystemTime how much longer its systems exist, added up; negative if shorter
     */
    public record Alternative(String change, Forecast forecast, Duration saves, Duration moreSystemTime) {
        /** {@return the alternative in one line, for people} */
        @Override
        public String toString() {
            String end = saves.isZero()
                    ? "the run ends at the same time"
                    : "the run ends " + clock(saves.abs()) + (saves.isNegative() ? " later" : " earlier");
            String cost = moreSystemTime.isZero()
                    ? "its systems exist as long"
                    : "its systems exist " + clock(moreSystemTime.abs())
                            + (moreSystemTime.isNegative() ? " less" : " more");
            return "with " + change + ", " + end + ", and " + cost;
        }
    }

    /** {@return the tests in the order in which they start} */
    public List<Entry> timeline() {
        return timeline;
    }

    /** {@return the tests that do not run, with the reason: no system fits, or a test before them does not run} */
    public Map<String, String> notRun() {
        return notRun;
    }

    /**
     * {@return the tests that determine the end of the run, in their order} Each but the first waits for the end of the one
     * before it; the run ends earlier only if one of them is shorter, or need not wait.
     */
    public List<Entry> criticalPath() {
        return criticalPath;
    }

    /** {@return the duration of the run, from its begin until all systems are given back} */
    public Duration end() {
        return end;
    }

    /** {@return the number of systems that exist at the same time} */
    public int systems() {
        return systems;
    }

    /** {@return the time for which systems exist, from their request until they are given back, added up} */
    public Duration systemTime() {
        return systemTime;
    }

    Alternative alternative(String change, Forecast changed) {
        return new Alternative(change, changed, end.minus(changed.end), changed.systemTime.minus(systemTime));
    }

    /** {@return the forecast as text: a line for each test, and the end} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        int width = timeline.stream()
                .mapToInt(entry -> entry.system().length())
                .max()
                .orElse(0);
        for (Entry entry : timeline) {
            text.append(("%9s – %9s  %-" + Math.max(1, width) + "s  %s%s\n")
                    .formatted(
                            clock(entry.start()),
                            clock(entry.end()),
                            entry.system(),
                            entry.test(),
                            entry.waitsFor().isEmpty() ? "" : ", waits for " + entry.waitsFor()));
        }
        new TreeMap<>(notRun).forEach((test, why) -> text.append(test + ": " + why + "\n"));
        return text + "ends after " + clock(end) + " with " + Plural.of(systems, "system") + "\n";
    }

    private static String clock(Duration time) {
        return "%d:%02d:%02d".formatted(time.toHours(), time.toMinutesPart(), time.toSecondsPart());
    }

    /** Assumptions of a forecast about systems and tests. Immutable; each {@code with…} method returns a changed copy. */
    public static final class Assumptions {
        private final @Nullable Duration setUp;
        private final Duration unknown;
        private final int slots;
        private final Map<String, Duration> durations;

        private Assumptions(@Nullable Duration setUp, Duration unknown, int slots, Map<String, Duration> durations) {
            this.setUp = setUp;
            this.unknown = unknown;
            this.slots = slots;
            this.durations = durations;
        }

        /**
         * {@return systems that run one test at a time, and are ready after the time that the
         * {@linkplain RunBuilder#history history} tells, else at once; tests that take a minute}
         */
        public static Assumptions defaults() {
            return new Assumptions(null, Duration.ofMinutes(1), 1, Map.of());
        }

        /**
         * {@return these assumptions with another time from the request of a system until it is ready}
         *
         * @param time the time, at least zero
         */
        public Assumptions withSetUp(Duration time) {
            if (time.isNegative()) {
                throw new IllegalArgumentException("setUp must not be negative: " + time);
            }
            return new Assumptions(time, unknown, slots, durations);
        }

        /**
         * {@return these assumptions with another duration of tests that have neither an expected duration nor a limit}
         *
         * @param time the duration
         */
        public Assumptions withUnknownTests(Duration time) {
            return new Assumptions(setUp, Arguments.positive(time, "the duration of tests"), slots, durations);
        }

        /**
         * {@return these assumptions with another number of tests that each system runs at the same time}
         *
         * @param count the number, at least 1
         */
        public Assumptions withSlots(int count) {
            return new Assumptions(setUp, unknown, Arguments.atLeast(1, count, "slots"), durations);
        }

        /**
         * {@return these assumptions with the durations that tests really take, such as those of a past run} They differ
         * from the expected durations, by which the run orders its tests, and of other tests they are not known.
         *
         * {@snippet :
         * PastRun run = PastRun.latest(Path.of("runs")).orElseThrow();
         * builder.maxSystems(8).forecast(Forecast.Assumptions.defaults().withDurations(run.durations()));
         * }
         *
         * @param known the durations by the names of tests, at least zero
         * @see org.atex.artifacts.PastRun#durations
         */
        public Assumptions withDurations(Map<String, Duration> known) {
            known.forEach((test, time) -> {
                if (time.isNegative()) {
                    throw new IllegalArgumentException(
                            "the duration of the test " + test + " must not be negative: " + time);
                }
            });
            return new Assumptions(setUp, unknown, slots, Map.copyOf(known));
        }

        /** Returns the time from the request of a system until it is ready; null if it is not assumed. */
        @Nullable
        Duration setUp() {
            return setUp;
        }

        int slots() {
            return slots;
        }

        /** Returns how long a test takes. */
        Duration takes(PlannedTest test) {
            Duration known = durations.get(test.unit().name());
            if (known != null) {
                return known;
            }
            Duration expected = test.facts.expected();
            Duration limit = test.facts.limit();
            return expected != null ? expected : limit != null ? limit : unknown;
        }
    }
}
