package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.artifacts.SpooledAttempt.State;
import org.jspecify.annotations.Nullable;

/**
 * A run whose journal was {@linkplain Spool#keep kept}, read from its directory. With it, a program runs again only the
 * tests that failed or never ran:
 *
 * {@snippet :
 * Set<String> again = PastRun.latest(Path.of("runs")).map(PastRun::notPassed).orElse(Set.of());
 * List<TestCase> rest = tests.stream().filter(test -> again.contains(test.name())).toList();
 * }
 *
 * <p>{@link #replay} stores the run with any aggregator, {@link #bundle} writes it as one file, and {@link #merge} joins
 * several runs, such as shards.
 *
 * <p>A run that goes on, or whose program was killed, can be read as well. Its running attempts have the outcome
 * {@link Outcome#LOST}.
 *
 * <p>Immutable, and thread-safe. The files are read when they are asked for.
 */
public final class PastRun {
    private final Path directory;
    private final Map<?, ?> head;
    private final List<PlainTest> planned;
    private final List<TestRecord> attempts;
    /** The numbers of the attempts, in their order; tests that never started have none. */
    private final long[] numbers;
    /** The same by attempt; null until it is needed. */
    private volatile @Nullable Map<TestRecord, Long> numberOf;

    private final List<String> problems;
    private final boolean ended;

    private PastRun(
            Path directory, JournalReader reader, List<TestRecord> attempts, long[] numbers, List<String> problems) {
        this.directory = directory;
        this.head = reader.head();
        this.planned = List.copyOf(reader.planned());
        this.attempts = List.copyOf(attempts);
        this.numbers = numbers;
        this.problems = List.copyOf(problems);
        this.ended = reader.isEnded();
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
        JournalReader reader = new JournalReader(false, problems);
        reader.read(run.resolve(Spool.JOURNAL));
        reader.read(run.resolve(Spool.REPLAYS));
        if (reader.head().isEmpty()) {
            throw new IOException("could not read the run in " + run + ": there is no journal, or it is damaged");
        }
        List<TestRecord> attempts = new ArrayList<>();
        long[] numbers = new long[reader.attempts().size()];
        for (JournalReader.Entry entry : reader.attempts()) {
            try {
                if (entry.state() != State.DISCARDED) {
                    attempts.add(entry.record());
                    numbers[attempts.size() - 1] = entry.number();
                }
            } catch (IllegalArgumentException | DateTimeException e) {
                problems.add("the journal does not describe the attempt " + entry.number() + ": " + e.getMessage());
            }
        }
        numbers = Arrays.copyOf(numbers, attempts.size());
        attempts.addAll(reader.notStarted());
        return new PastRun(run, reader, attempts, numbers, problems);
    }

    private static Instant started(Map<?, ?> head) {
        try {
            return Instant.parse(RecordJson.text(head, "started"));
        } catch (IllegalArgumentException | DateTimeException e) {
            return Instant.EPOCH;
        }
    }

    /**
     * Deletes old runs. The newest run stays at any age and size. Runs that go on, and runs with results that are not
     * stored yet, stay as well.
     *
     * @param runs the directory of runs, which need not exist
     * @param retention which runs stay
     * @return the directories that were deleted
     * @throws IOException if a directory cannot be read or deleted
     */
    public static List<Path> prune(Path runs, Retention retention) throws IOException {
        List<Path> deleted = new ArrayList<>();
        int count = 0;
        long bytes = 0;
        for (Map.Entry<Path, Instant> run : starts(runs)) {
            count++;
            boolean isOld = Duration.between(run.getValue(), Instant.now()).compareTo(retention.maxAge()) > 0;
            if (retention.maxBytes() < Long.MAX_VALUE) {
                bytes += size(run.getKey());
            }
            boolean isExpendable = count > 1 && (isOld || bytes > retention.maxBytes());
            if (isExpendable || count > retention.newest()) {
                try (WriterLock lock = Spool.lockIfEnded(run.getKey())) {
                    if (lock != null && Spool.deleteIfStored(run.getKey())) {
                        deleted.add(run.getKey());
                    }
                }
            }
        }
        return deleted;
    }

    /** {@return the size of the regular files in a directory} Another program may delete some meanwhile. */
    private static long size(Path directory) throws IOException {
        long[] bytes = {0};
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                bytes[0] += attributes.isRegularFile() ? attributes.size() : 0;
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path left, @Nullable IOException e) {
                return FileVisitResult.CONTINUE;
            }
        });
        return bytes[0];
    }

    static List<Path> newestFirst(Path runs) throws IOException {
        return starts(runs).stream().map(Map.Entry::getKey).toList();
    }

    /** {@return the runs in a directory and when they started, the newest first} */
    private static List<Map.Entry<Path, Instant>> starts(Path runs) throws IOException {
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
                .toList();
    }

    /** {@return the directory of the run} */
    public Path directory() {
        return directory;
    }

    /** {@return the id of the run} */
    public String id() {
        return String.valueOf(head.get("run"));
    }

    /** {@return when the run started} */
    public Instant started() {
        return started(head);
    }

    /** {@return when the last attempt ended; the start of the run if there is none} */
    public Instant lastEnd() {
        Instant start = started();
        return attempts.stream()
                .map(record -> record.started().plus(record.took()))
                .filter(end -> end.isAfter(start))
                .max(Comparator.naturalOrder())
                .orElse(start);
    }

    /** {@return the platform of the run; of a run that was merged, the platforms with a comma between them} */
    public String platform() {
        return String.valueOf(head.get(Spool.PLATFORM));
    }

    /** {@return whether the run has ended; false if it goes on, or its program was killed} */
    public boolean hasEnded() {
        return ended;
    }

    /**
     * {@return facts about the program of the run: {@code host}, {@code user}, {@code directory}, {@code java} and
     * {@code os}; empty for a run that was merged}
     */
    public Map<String, String> about() {
        Map<String, String> about = new LinkedHashMap<>();
        if (head.get(Spool.ABOUT) instanceof Map<?, ?> all) {
            all.forEach((key, value) -> about.put(String.valueOf(key), String.valueOf(value)));
        }
        return Collections.unmodifiableMap(about);
    }

    /** {@return the log of the run, which exists only if there was something to log} */
    public Path log() {
        return directory.resolve(Spool.LOG);
    }

    /** {@return the tests of the run, in the order given} */
    public List<PlainTest> tests() {
        return planned;
    }

    /** {@return all attempts in the order in which they began, and then the tests that never started} */
    public List<TestRecord> attempts() {
        return attempts;
    }

    /**
     * {@return the artifacts of an attempt; none if they were not kept, or the test never started} Neither change nor
     * delete them: give an aggregator a copy, as {@link #replay} does.
     *
     * @param record one of {@link #attempts()}
     */
    public Artifacts artifacts(TestRecord record) {
        Long number = numbersByRecord().get(record);
        return number == null ? Artifacts.none() : artifactsOf(number);
    }

    private Map<TestRecord, Long> numbersByRecord() {
        Map<TestRecord, Long> map = numberOf;
        if (map == null) {
            map = new HashMap<>();
            for (int i = 0; i < numbers.length; i++) {
                map.put(attempts.get(i), numbers[i]);
            }
            numberOf = map;
        }
        return map;
    }

    private Artifacts artifactsOf(long number) {
        Path kept = directory.resolve(Spool.FILES).resolve(Long.toString(number));
        Path notStored = directory.resolve(Long.toString(number));
        return Files.isDirectory(kept)
                ? Artifacts.at(kept)
                : Files.isDirectory(notStored) ? Artifacts.at(notStored) : Artifacts.none();
    }

    /** Takes an attempt and its artifacts. */
    @FunctionalInterface
    interface AttemptVisitor {
        void visit(TestRecord record, Artifacts artifacts) throws IOException;
    }

    void forEachAttempt(AttemptVisitor visitor) throws IOException {
        for (int i = 0; i < attempts.size(); i++) {
            visitor.visit(attempts.get(i), i < numbers.length ? artifactsOf(numbers[i]) : Artifacts.none());
        }
    }

    /**
     * Stores all attempts of the run with an aggregator, in their order, with copies of their artifacts that consist of hard
     * links if possible. One aggregator may store several runs, for example those of several platforms or
     * shards. Unlike {@link Spool#replay}, it also stores attempts that others have stored.
     *
     * @param aggregator the aggregator; the caller closes it
     * @return the attempts that were not stored, with the reasons
     * @throws IOException if artifacts cannot be copied
     */
    public List<String> replay(Aggregator aggregator) throws IOException {
        List<String> notStored = new ArrayList<>();
        forEachAttempt((record, artifacts) -> {
            try (LinkedCopy copy = artifacts.isNone() ? null : LinkedCopy.of(artifacts)) {
                aggregator.ingest(record, copy == null ? Artifacts.none() : copy.artifacts());
            } catch (AggregationException e) {
                notStored.add("attempt " + record.attempt() + " at " + record.name() + " on " + record.platform()
                        + " was not stored: " + e.getMessage());
            }
        });
        return notStored;
    }

    /**
     * Writes the run as one file, which another machine {@linkplain #unpack unpacks}. The run must not go on; if its program
     * was killed, it can be bundled. Contains the journal, the log, and the artifacts of attempts.
     *
     * @param zip the file, which must not exist
     * @return the files that were left out, with the reasons: symbolic links, other special files, and files that cannot be read
     * @throws IOException if the run goes on, or the file exists or cannot be written
     */
    public List<String> bundle(Path zip) throws IOException {
        return RunBundle.write(directory, zip);
    }

    /**
     * {@return the run in a bundle}
     *
     * @param zip a file that {@link #bundle} has written; its content is not trusted
     * @param runs the directory of runs in which the run is stored, created if missing
     * @throws IOException if the file is no bundle, if there is not enough space, or if the directory contains the run
     */
    public static PastRun unpack(Path zip, Path runs) throws IOException {
        return read(RunBundle.unpack(zip, runs));
    }

    /**
     * Merges runs into a new one, for example the shards of a run, several platforms, or a run and a later one of the tests
     * that failed. Attempts of later runs at the same test on the same platform follow those of earlier ones. The runs stay
     * as they are; files are shared by hard links if possible.
     *
     * @param parts the runs, at least one
     * @param runs the directory of runs in which the new run is stored, created if missing. It starts when the first part
     *     did, so that {@link #latest} finds it in a directory of its own only.
     * @return the new run
     * @throws IllegalArgumentException if there is no part
     * @throws IOException if it cannot be written
     */
    public static PastRun merge(List<PastRun> parts, Path runs) throws IOException {
        return read(new RunMerge(parts).write(runs));
    }

    /**
     * {@return the worst verdict of all tests, with {@link Verdict#INCOMPLETE} for tests that never started} Known failures
     * do not count. The {@linkplain Verdict#exitCode() exit code} of a program that merges runs.
     */
    public Verdict verdict() {
        Verdict verdict = notRun().isEmpty() ? Verdict.PASSED : Verdict.INCOMPLETE;
        for (TestRecord record : lastAttempts()) {
            verdict = verdict.and(record.verdict());
        }
        return verdict;
    }

    private record TestOnPlatform(String platform, String test) {}

    /** {@return the last attempt at each test on each platform} */
    private Collection<TestRecord> lastAttempts() {
        Map<TestOnPlatform, TestRecord> last = new LinkedHashMap<>();
        attempts.forEach(record -> last.merge(
                new TestOnPlatform(record.platform(), record.name()),
                record,
                (one, other) -> other.attempt() >= one.attempt() ? other : one));
        return last.values();
    }

    /**
     * {@return the last attempt at each test, by the name of the test} If a run was {@linkplain #merge merged} from several
     * platforms, the one with the worst verdict.
     */
    public Map<String, TestRecord> ends() {
        Map<String, TestRecord> ends = new LinkedHashMap<>();
        lastAttempts()
                .forEach(record -> ends.merge(
                        record.name(),
                        record,
                        (one, other) -> verdict(one).and(verdict(other)) == verdict(one) ? one : other));
        return ends;
    }

    /** {@return the names of the tests that failed or exceeded their time limit} */
    public Set<String> failed() {
        return names(record -> verdict(record) == Verdict.FAILED);
    }

    /** {@return the names of the tests that passed after an earlier attempt in this run had failed} */
    public Set<String> flaky() {
        Set<TestOnPlatform> failedOnce = attempts.stream()
                .filter(record -> verdict(record) == Verdict.FAILED)
                .map(record -> new TestOnPlatform(record.platform(), record.name()))
                .collect(Collectors.toSet());
        return names(record -> record.end().outcome() == Outcome.PASSED
                && failedOnce.contains(new TestOnPlatform(record.platform(), record.name())));
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

    /**
     * {@return the tests to run again, in their order: those that failed, are unknown or did not run}
     *
     * {@snippet :
     * AdHocOrchestrator.builder(PastRun.read(Path.of("runs/run-4711")).notPassed(tests))
     * }
     *
     * @param tests the tests of the program; those that were not part of the run are left out
     * @param <T> the type of the tests
     */
    public <T extends TestCase> List<T> notPassed(Collection<T> tests) {
        Set<String> again = notPassed();
        return tests.stream().filter(test -> again.contains(test.name())).toList();
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
        return lastAttempts().stream()
                .filter(which)
                .map(TestRecord::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * {@return how long the last attempt at each test took that passed or failed, by the name of the test} Of several
     * platforms, the longest.
     */
    public Map<String, Duration> durations() {
        Map<String, Duration> durations = new LinkedHashMap<>();
        lastAttempts().forEach(record -> {
            if (record.end().outcome() == Outcome.PASSED || record.end().outcome() == Outcome.FAILED) {
                durations.merge(record.name(), record.took(), (one, other) -> one.compareTo(other) > 0 ? one : other);
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
