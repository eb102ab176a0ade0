package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atex.api.AttemptCause;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.artifacts.TestHistory.End;
import org.jspecify.annotations.Nullable;

/**
 * The knowledge from earlier runs: the durations and outcomes of tests, and the time until systems are ready. It is kept
 * in one file, to which each run adds its attempts:
 *
 * {@snippet :
 * History history = History.add(Path.of("history.jsonl"), History.of(PastRun.read(Path.of("runs/run-4711"))));
 * System.out.println(history.test("/network/mtu").expected());
 * }
 *
 * <p>An orchestrator that is given the file does that itself. The history has the last 20 attempts at each test. A test
 * that has not run for 180 days before the newest attempt is left out, as are all but the newest 100,000 tests.
 *
 * <p>Tests are told apart by their names alone: use a file for each platform on which they take different times.
 *
 * <p>Each line of the file is a JSON object of one of these kinds:
 *
 * <ul>
 *   <li>{@code {"test": NAME, "ends": [[RUN, ATTEMPT, STARTED, TOOK, OUTCOME], …]}}: the attempts at a test, with the id
 *       of the run, the number of the attempt, its start, its duration, and its {@link org.atex.api.Outcome};
 *   <li>{@code {"provisioner": NAME, "ready": [[RUN, SYSTEM, AT, TOOK], …]}}: the systems of a provisioner, with the time
 *       at which each was ready, and the time that had passed since it was requested.
 * </ul>
 *
 * <p>Times are in milliseconds, those of the clock since 1970-01-01 UTC. A line that is damaged is left out and is one of
 * the {@link #problems()}; lines of other kinds are ignored.
 *
 * <p>Immutable.
 */
public final class History {
    static final int MAX_ENDS = 20;
    static final int MAX_TESTS = 100_000;
    static final Duration MAX_AGE = Duration.ofDays(180);

    private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");

    private static final History EMPTY = new History(Map.of(), Map.of(), List.of());

    private final Map<String, TestHistory> tests;
    private final Map<String, List<Ready>> ready;
    private final List<String> problems;

    History(Map<String, TestHistory> tests, Map<String, List<Ready>> ready, List<String> problems) {
        this.tests = Map.copyOf(tests);
        this.ready = Map.copyOf(ready);
        this.problems = List.copyOf(problems);
    }

    /** A system that was ready, a time after it was requested. */
    record Ready(String run, String system, Instant at, Duration took) {
        private record Key(String run, String system) {}

        static List<Ready> union(List<Ready> one, List<Ready> other) {
            Comparator<Ready> order = Comparator.comparing(Ready::at)
                    .thenComparing(Ready::run)
                    .thenComparing(Ready::system)
                    .thenComparing(Ready::took);
            Map<Key, Ready> all = new HashMap<>();
            Stream.concat(one.stream(), other.stream())
                    .forEach(system -> all.merge(
                            new Key(system.run(), system.system()),
                            system,
                            (a, b) -> order.compare(a, b) >= 0 ? a : b));
            List<Ready> sorted = all.values().stream().sorted(order).toList();
            return sorted.subList(Math.max(0, sorted.size() - MAX_ENDS), sorted.size());
        }
    }

    /** {@return a history without tests} */
    public static History empty() {
        return EMPTY;
    }

    /**
     * {@return the attempts of a past run}
     *
     * @param run the run
     */
    public static History of(PastRun run) {
        return of(run.id(), run.attempts());
    }

    /**
     * {@return the attempts of a run} Tests that never started are left out.
     *
     * @param run the id of the run
     * @param attempts the attempts
     */
    public static History of(String run, Collection<TestRecord> attempts) {
        // The failure of an attempt on a bad host is not one of the test.
        Set<List<Object>> onBadHosts = attempts.stream()
                .filter(record -> record.cause() == AttemptCause.HOST_QUARANTINED)
                .map(record -> List.<Object>of(record.name(), record.attempt() - 1))
                .collect(Collectors.toSet());
        Map<String, List<End>> ends = new LinkedHashMap<>();
        for (TestRecord record : attempts) {
            if (record.attempt() > 0
                    && TestHistory.counts(record.end().outcome())
                    && !onBadHosts.contains(List.<Object>of(record.name(), record.attempt()))) {
                ends.computeIfAbsent(record.name(), name -> new ArrayList<>())
                        .add(new End(
                                run,
                                record.attempt(),
                                inMillis(record.started()),
                                Duration.ofMillis(record.took().toMillis()),
                                record.end().outcome()));
            }
        }
        Map<String, TestHistory> tests = new HashMap<>();
        ends.forEach((name, all) -> tests.put(name, TestHistory.empty().with(all, MAX_ENDS)));
        return bounded(tests, Map.of(), List.of());
    }

    /**
     * {@return the history in a file; an empty one if the file does not exist}
     *
     * @param file the file
     * @throws IOException if it cannot be read
     */
    public static History read(Path file) throws IOException {
        return HistoryFile.read(file);
    }

    /**
     * Adds a history to that in a file. Several programs may do so at the same time: each waits until the others have
     * written the file, for at most 30 s. The file is replaced as a whole, so that it is complete at each moment. Attempts
     * that are in it already are not added again. Damaged lines are dropped from it.
     *
     * @param file the file, which is created if it does not exist, as is its directory
     * @param more the history to add
     * @return the history that is in the file now, with the problems of reading it
     * @throws IOException if the file cannot be read or written
     * @throws InterruptedException if interrupted while it waits for another program; the file is as before
     */
    public static History add(Path file, History more) throws IOException, InterruptedException {
        return HistoryFile.add(file, more);
    }

    /**
     * {@return this history and another one} Attempts that both have are in the result once.
     *
     * @param other the other history
     */
    public History with(History other) {
        Map<String, TestHistory> allTests = new HashMap<>(tests);
        other.tests.forEach((name, more) -> allTests.merge(name, more, (a, b) -> a.with(b.ends(), MAX_ENDS)));
        Map<String, List<Ready>> allReady = new HashMap<>(ready);
        other.ready.forEach((name, more) -> allReady.merge(name, more, Ready::union));
        Set<String> allProblems = new LinkedHashSet<>(problems);
        allProblems.addAll(other.problems);
        return bounded(allTests, allReady, List.copyOf(allProblems));
    }

    /**
     * {@return this history and the time until a system was ready}
     *
     * @param run the id of the run
     * @param system the system
     * @param at when it was ready
     * @param took the time since it was requested
     */
    public History withReady(String run, SystemInfo system, Instant at, Duration took) {
        Ready one = new Ready(run, system.name(), inMillis(at), Duration.ofMillis(took.toMillis()));
        return with(new History(Map.of(), Map.of(system.provisioner(), List.of(one)), List.of()));
    }

    /** Returns a time as the file has it. */
    private static Instant inMillis(Instant time) {
        boolean isValid = time.isAfter(Instant.EPOCH) && time.isBefore(LATEST);
        return isValid ? time.truncatedTo(ChronoUnit.MILLIS) : time.isAfter(Instant.EPOCH) ? LATEST : Instant.EPOCH;
    }

    static History bounded(Map<String, TestHistory> tests, Map<String, List<Ready>> ready, List<String> problems) {
        Instant now = Instant.now();
        // A machine whose clock is fast must not make all other tests old.
        Instant newest = tests.values().stream()
                .map(History::last)
                .map(last -> last.isAfter(now) ? now : last)
                .max(Comparator.naturalOrder())
                .orElse(now);
        Stream<Map.Entry<String, TestHistory>> recent = tests.entrySet().stream()
                .filter(test -> Duration.between(last(test.getValue()), newest).compareTo(MAX_AGE) <= 0);
        if (tests.size() > MAX_TESTS) {
            recent = recent.sorted(Comparator.comparing((Map.Entry<String, TestHistory> test) -> last(test.getValue()))
                            .reversed()
                            .thenComparing(Map.Entry::getKey))
                    .limit(MAX_TESTS);
        }
        return new History(recent.collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)), ready, problems);
    }

    private static Instant last(TestHistory test) {
        return Objects.requireNonNullElse(test.lastStarted(), Instant.MIN);
    }

    /**
     * {@return the earlier attempts at a test; empty if it has not run}
     *
     * @param name the name of the test
     */
    public TestHistory test(String name) {
        return tests.getOrDefault(name, TestHistory.empty());
    }

    /** {@return the tests by their names} */
    public Map<String, TestHistory> tests() {
        return new TreeMap<>(tests);
    }

    /**
     * {@return the time from the request of a system until it is ready, or null if it is not known} It is the median of the
     * last 20 systems.
     *
     * @param provisioner the name of the provisioner in its runs
     */
    public @Nullable Duration setUp(String provisioner) {
        List<Ready> known = ready.getOrDefault(provisioner, List.of());
        return known.isEmpty()
                ? null
                : TestHistory.median(known.stream().map(Ready::took).toList());
    }

    Map<String, List<Ready>> ready() {
        return new TreeMap<>(ready);
    }

    /** {@return the lines that could not be read, with the reasons} */
    public List<String> problems() {
        return problems;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof History history && tests.equals(history.tests) && ready.equals(history.ready);
    }

    @Override
    public int hashCode() {
        return Objects.hash(tests, ready);
    }

    /** {@return the number of tests, for messages} */
    @Override
    public String toString() {
        return "history of " + tests.size() + " tests";
    }
}
