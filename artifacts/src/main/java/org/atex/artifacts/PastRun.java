package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.SpooledAttempt.State;

/**
 * A run whose journal was {@linkplain Spool#keep kept}, read from its directory. With it, a program runs again only the
 * tests that failed or never ran:
 *
 * {@snippet :
 * Set<String> again = PastRun.latest(Path.of("runs")).map(PastRun::notPassed).orElse(Set.of());
 * List<TestCase> rest = tests.stream().filter(test -> again.contains(test.name())).toList();
 * }
 *
 * <p>A run that goes on, or whose program was killed, can be read as well. Its running attempts have the outcome
 * {@link Outcome#LOST}.
 *
 * <p>Immutable.
 */
public final class PastRun {
    private final Path directory;
    private final String id;
    private final Instant started;
    private final List<PlainTest> planned;
    private final List<TestRecord> attempts;
    private final List<String> problems;

    private PastRun(
            Path directory,
            String id,
            Instant started,
            List<PlainTest> planned,
            List<TestRecord> attempts,
            List<String> problems) {
        this.directory = directory;
        this.id = id;
        this.started = started;
        this.planned = List.copyOf(planned);
        this.attempts = List.copyOf(attempts);
        this.problems = List.copyOf(problems);
    }

    /**
     * {@return the run that started last; empty if there is none}
     *
     * @param runs the directory of runs, which need not exist
     * @throws IOException if it cannot be read
     */
    public static Optional<PastRun> latest(Path runs) throws IOException {
        List<Path> newest = newestFirst(runs);
        return newest.isEmpty() ? Optional.empty() : Optional.of(read(newest.get(0)));
    }

    /**
     * {@return a run}
     *
     * @param run the directory of the run
     * @throws IOException if it cannot be read, or is not the directory of a run
     */
    public static PastRun read(Path run) throws IOException {
        List<String> problems = new ArrayList<>();
        JournalReader reader = new JournalReader(false, true, problems);
        reader.read(run.resolve(Spool.JOURNAL));
        reader.read(run.resolve(Spool.REPLAYS));
        if (reader.head().isEmpty()) {
            throw new IOException("could not read the run in " + run + ": there is no journal, or it is damaged");
        }
        List<TestRecord> attempts = new ArrayList<>();
        reader.attempts().forEach((number, entry) -> {
            try {
                if (entry.state() != State.DISCARDED) {
                    attempts.add(entry.record());
                }
            } catch (IllegalArgumentException | DateTimeException e) {
                problems.add("the journal does not describe the attempt " + number + ": " + e.getMessage());
            }
        });
        attempts.addAll(reader.notStarted());
        return new PastRun(
                run,
                String.valueOf(reader.head().get("run")),
                started(reader.head()),
                reader.planned(),
                attempts,
                problems);
    }

    private static Instant started(Map<?, ?> head) {
        try {
            return Instant.parse(RecordJson.text(head, "started"));
        } catch (IllegalArgumentException | DateTimeException e) {
            return Instant.EPOCH;
        }
    }

    /**
     * Deletes the journals of old runs. Runs that go on, and runs with results that are not stored yet, stay.
     *
     * @param runs the directory of runs, which need not exist
     * @param newest the number of runs to keep, at least 0
     * @return the directories that were deleted
     * @throws IllegalArgumentException if the number is negative
     * @throws IOException if a directory cannot be read or deleted
     */
    public static List<Path> prune(Path runs, int newest) throws IOException {
        if (newest < 0) {
            throw new IllegalArgumentException("could not keep " + newest + " runs: the number is negative");
        }
        List<Path> deleted = new ArrayList<>();
        for (Path run : newestFirst(runs).stream().skip(newest).toList()) {
            try (WriterLock lock = Spool.lockIfEnded(run)) {
                if (lock != null && Spool.deleteIfStored(run)) {
                    deleted.add(run);
                }
            }
        }
        return deleted;
    }

    static List<Path> newestFirst(Path runs) throws IOException {
        if (!Files.isDirectory(runs)) {
            return List.of();
        }
        Map<Path, Instant> starts = new LinkedHashMap<>();
        for (Path run : Spool.runs(runs)) {
            Map<?, ?> head = JournalReader.headOf(run.resolve(Spool.JOURNAL));
            if (!head.isEmpty()) {
                starts.put(run, started(head));
            }
        }
        return starts.entrySet().stream()
                .sorted(Map.Entry.<Path, Instant>comparingByValue(Comparator.reverseOrder()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** {@return the directory of the run} */
    public Path directory() {
        return directory;
    }

    /** {@return the id of the run} */
    public String id() {
        return id;
    }

    /** {@return when the run started} */
    public Instant started() {
        return started;
    }

    /** {@return the tests of the run, in the order given} */
    public List<PlainTest> tests() {
        return planned;
    }

    /** {@return all attempts in the order in which they began, and then the tests that never started} */
    public List<TestRecord> attempts() {
        return attempts;
    }

    /** {@return the last attempt at each test, by the name of the test} */
    public Map<String, TestRecord> ends() {
        Map<String, TestRecord> ends = new LinkedHashMap<>();
        attempts.forEach(record ->
                ends.merge(record.name(), record, (one, other) -> other.attempt() >= one.attempt() ? other : one));
        return ends;
    }

    /** {@return the names of the tests that failed or exceeded their time limit} */
    public Set<String> failed() {
        return names(record -> verdict(record) == Verdict.FAILED);
    }

    /** {@return the names of the tests that passed after an earlier attempt in this run had failed} */
    public Set<String> flaky() {
        Set<String> failedOnce = attempts.stream()
                .filter(record -> verdict(record) == Verdict.FAILED)
                .map(TestRecord::name)
                .collect(Collectors.toSet());
        return names(record -> record.end().outcome() == Outcome.PASSED && failedOnce.contains(record.name()));
    }

    /**
     * {@return the names of the tests that failed or exceeded their time limit, and did not do so in an earlier run}
     * Includes tests that the earlier run did not contain.
     *
     * @param earlier the earlier run
     */
    public Set<String> failedSince(PastRun earlier) {
        Set<String> before = earlier.failed();
        return names(record -> verdict(record) == Verdict.FAILED && !before.contains(record.name()));
    }

    /** {@return the names of the tests whose result is unknown, because a system or a connection failed} */
    public Set<String> unknown() {
        return names(record -> verdict(record) == Verdict.INFRASTRUCTURE);
    }

    /**
     * {@return the names of the tests that never started or were cancelled} Includes tests that were skipped because of
     * another test.
     */
    public Set<String> notRun() {
        return withUnrecorded(names(record -> verdict(record) == Verdict.INCOMPLETE || record.attempt() == 0));
    }

    /** {@return the names of the tests to run again: those that failed, are unknown or did not run} */
    public Set<String> notPassed() {
        return withUnrecorded(names(record -> verdict(record) != Verdict.PASSED || record.attempt() == 0));
    }

    /** Adds the tests without a record: the program was killed before they started. */
    private Set<String> withUnrecorded(Set<String> names) {
        Set<String> recorded = ends().keySet();
        Set<String> all = new TreeSet<>(names);
        planned.stream()
                .map(PlainTest::name)
                .filter(name -> !recorded.contains(name))
                .forEach(all::add);
        return Collections.unmodifiableSet(all);
    }

    private static Verdict verdict(TestRecord record) {
        return record.end().outcome().verdict();
    }

    private Set<String> names(Predicate<TestRecord> which) {
        return ends().values().stream()
                .filter(which)
                .map(TestRecord::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** {@return how long the last attempt at each test took that passed or failed, by the name of the test} */
    public Map<String, Duration> durations() {
        Map<String, Duration> durations = new LinkedHashMap<>();
        ends().forEach((name, record) -> {
            if (record.end().outcome() == Outcome.PASSED || record.end().outcome() == Outcome.FAILED) {
                durations.put(name, record.took());
            }
        });
        return durations;
    }

    /** {@return the lines that could not be read, with the reasons} */
    public List<String> problems() {
        return problems;
    }

    /** {@return the directory of the run} */
    @Override
    public String toString() {
        return directory.toString();
    }
}
