package org.atex.artifacts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * The directory in which the results of a run wait until all aggregators have stored them. Results that an aggregator
 * refuses stay there, as do those of a program that was killed. {@link #replay} stores them later:
 *
 * {@snippet :
 * try (Aggregator report = JsonLinesAggregator.open(Path.of("late.json"), Path.of("late"))) {
 *     Spool.Replay replay = Spool.replay(Path.of("work"), "results", report); // Sink.of(…).withName("results")
 *     System.out.println(replay.stored().size() + " attempts stored");
 *     replay.problems().forEach(System.out::println);
 * }
 * }
 *
 * <p>Each run has a directory {@code run-ID} in the work directory, and beside it the file {@code run-ID.lock}, which is
 * locked while the run goes on. For each attempt there is a directory with a number as its name, which contains the
 * {@link Artifacts}, and beside it a file with the same number and the suffix {@code .json}: an object with
 *
 * <ul>
 *   <li>{@code state}: {@code RUNNING} from the start of the attempt, {@code ENDED} from its end, {@code KEPT} if an
 *       aggregator has finally refused it and no other one is going to store it;
 *   <li>{@code aggregators}, {@code storedBy}: the names of the aggregators of the run, and of those that have stored
 *       the attempt;
 *   <li>{@code artifacts}: whether the directory contains artifacts; it is empty if the test never started;
 *   <li>{@code record}: the {@link TestRecord}, without locks, needs and dependencies of its test. Times are in the
 *       format of {@link java.time.Instant#toString()} and {@link java.time.Duration#toString()}.
 * </ul>
 *
 * <p>The files survive a crash of the program, but not of the machine, as they are not synced.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}, which deletes what is empty.
 *
 * <p>Thread safety: thread-safe.
 */
public final class Spool implements AutoCloseable {
    private static final String PREFIX = "run-";

    private final Path directory;
    private final Path root;
    private final boolean temporary;
    private final List<String> aggregators;
    private final WriterLock lock;
    private final AtomicLong count = new AtomicLong();

    private Spool(Path directory, Path root, boolean temporary, List<String> aggregators, WriterLock lock) {
        this.directory = directory;
        this.root = root;
        this.temporary = temporary;
        this.aggregators = List.copyOf(aggregators);
        this.lock = lock;
    }

    /**
     * {@return a spool in a directory, which is created if it is missing}
     *
     * @param directory the directory, which other runs may use, too; null for a temporary one
     * @param run the unique id of the run
     * @param aggregators the unique names of the aggregators that are to store each attempt
     * @throws IOException if the directory cannot be created
     */
    public static Spool open(@Nullable Path directory, String run, List<String> aggregators) throws IOException {
        Path parent = directory == null ? Files.createTempDirectory("atex-run-") : Files.createDirectories(directory);
        Path root = parent.resolve(PREFIX + run);
        WriterLock lock = WriterLock.of(root);
        try {
            return new Spool(parent, Files.createDirectories(root), directory == null, aggregators, lock);
        } catch (IOException e) {
            lock.close();
            throw e;
        }
    }

    /**
     * {@return the default name of an aggregator: its {@code toString()}, or the name of its class if it has none}
     *
     * @param aggregator the aggregator
     */
    public static String nameOf(Aggregator aggregator) {
        String simple = aggregator.getClass().getSimpleName();
        @Nullable String text = aggregator.toString(); // user code may return null
        boolean isDefault = text == null
                || text.isBlank()
                || text.startsWith(aggregator.getClass().getName() + "@");
        return !isDefault ? text : simple.isEmpty() ? "aggregator" : simple;
    }

    /**
     * {@return a new attempt with an empty directory for its artifacts}
     *
     * @throws IOException if the directory cannot be created
     */
    public SpooledAttempt next() throws IOException {
        Path created = newDirectory();
        return new SpooledAttempt(created, Artifacts.at(created), aggregators);
    }

    /**
     * {@return an attempt without artifacts, for a test that never started}
     *
     * @throws IOException if its number cannot be reserved
     */
    public SpooledAttempt nextWithoutArtifacts() throws IOException {
        return new SpooledAttempt(newDirectory(), Artifacts.none(), aggregators);
    }

    private Path newDirectory() throws IOException {
        Path path = root.resolve(Long.toString(count.incrementAndGet()));
        try {
            return Files.createDirectory(path);
        } catch (NoSuchFileException e) {
            // Another program has deleted the directory, as clean-up jobs for /tmp do.
            Files.createDirectories(root);
            return Files.createDirectory(path);
        }
    }

    /**
     * Checks that a file can be written.
     *
     * @throws IOException if that is not possible, for example because the disk is full
     */
    public void requireFreeSpace() throws IOException {
        FreeSpace.require(Files.createDirectories(root));
    }

    /**
     * Deletes the directory of the run if it is empty, and the work directory if it is temporary and empty. Call it after
     * the end of the run.
     *
     * @throws IOException if a directory cannot be deleted
     */
    @Override
    public void close() throws IOException {
        try (lock) {
            deleteIfEmpty(root);
        }
        if (temporary) {
            deleteIfEmpty(directory);
        }
    }

    private static void deleteIfEmpty(Path path) throws IOException {
        try {
            Files.deleteIfExists(path);
        } catch (DirectoryNotEmptyException e) {
            // It contains results that were not stored.
        }
    }

    /** Leaves everything as a killed program does, for tests. */
    void leave() throws IOException {
        lock.release();
    }

    /** {@return the directory of the run} */
    @Override
    public String toString() {
        return root.toString();
    }

    /**
     * The result of a replay. Immutable.
     *
     * @param stored the attempts that the aggregator has stored
     * @param waiting the number of attempts that were left out, because the program that stores them still runs
     * @param problems what could not be read, stored or deleted, with the reason
     */
    public record Replay(List<TestRecord> stored, int waiting, List<String> problems) {
        /** Copies the lists. */
        public Replay {
            stored = List.copyOf(stored);
            problems = List.copyOf(problems);
        }
    }

    /**
     * Stores the results in a directory with an aggregator, whose name is {@link #nameOf}.
     *
     * @param directory the work directory of runs, or the directory of one run
     * @param aggregator the aggregator; the caller closes it
     * @return what was stored
     * @throws IOException if the directory cannot be read, or another replay of it is under way
     * @see #replay(Path, String, Aggregator)
     */
    public static Replay replay(Path directory, Aggregator aggregator) throws IOException {
        return replay(directory, nameOf(aggregator), aggregator);
    }

    /**
     * Stores the results in a directory with an aggregator, in the order in which the attempts of each run began.
     * Attempts that an aggregator with this name has stored already are left out, so that a replay can be repeated. An
     * attempt is deleted from the directory when all aggregators of its run have stored it.
     *
     * <p>Attempts of a run that goes on are left out unless their state is {@code KEPT}. An attempt that did not end
     * because its program was killed has the outcome {@link org.atex.api.Outcome#LOST}.
     *
     * @param directory the work directory of runs, or the directory of one run
     * @param name the name of the aggregator in its run
     * @param aggregator the aggregator; the caller closes it
     * @return what was stored
     * @throws IOException if the directory cannot be read, or another replay of it is under way
     */
    public static Replay replay(Path directory, String name, Aggregator aggregator) throws IOException {
        List<TestRecord> stored = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        int waiting = 0;
        for (Path run : runs(directory)) {
            try (WriterLock replaying = WriterLock.of(run.resolveSibling(run.getFileName() + ".replay"))) {
                WriterLock owner = lockIfEnded(run);
                try {
                    waiting += replay(run, owner == null, name, aggregator, stored, problems);
                } finally {
                    if (owner != null) {
                        sweep(run, problems);
                        owner.close();
                    }
                }
            }
        }
        return new Replay(stored, waiting, problems);
    }

    private static List<Path> runs(Path directory) throws IOException {
        Path name = directory.toAbsolutePath().normalize().getFileName();
        if (name != null && name.toString().startsWith(PREFIX)) {
            return List.of(directory);
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith(PREFIX))
                    .filter(Files::isDirectory)
                    .sorted()
                    .toList();
        }
    }

    /** Returns the lock of a run, or null if the run goes on. */
    private static @Nullable WriterLock lockIfEnded(Path run) {
        try {
            return WriterLock.of(run);
        } catch (IOException e) {
            return null;
        }
    }

    private static int replay(
            Path run,
            boolean goesOn,
            String name,
            Aggregator aggregator,
            List<TestRecord> stored,
            List<String> problems)
            throws IOException {
        List<SpooledAttempt> attempts = attempts(run, problems);
        Map<String, Integer> latest = new HashMap<>();
        attempts.forEach(attempt ->
                latest.merge(attempt.record().name(), attempt.record().attempt(), Math::max));
        int waiting = 0;
        for (SpooledAttempt attempt : attempts) {
            if (attempt.isStoredBy(name)) {
                continue;
            }
            if (goesOn && attempt.state() != SpooledAttempt.State.KEPT) {
                waiting++;
                continue;
            }
            TestRecord record = attempt.record();
            // A program that is killed has not marked the earlier attempts of all tests.
            if (record.last() && record.attempt() < latest.getOrDefault(record.name(), 0)) {
                record = record.withAttempt(record.attempt(), false);
            }
            String what = "the results of " + record.name() + " (attempt " + record.attempt() + ") in " + attempt;
            try {
                if (!attempt.isTaken()) {
                    attempt.ingest(aggregator, record, false);
                    stored.add(record);
                }
            } catch (RuntimeException e) {
                problems.add(what + " were not stored: " + e.getMessage());
                continue;
            }
            try {
                if (attempt.isTaken()) {
                    if (attempt.state() == SpooledAttempt.State.KEPT) {
                        problems.add(what + " are gone: the aggregator that refused them has stored them later, or"
                                + " they were deleted");
                    }
                    attempt.delete();
                } else {
                    attempt.storedBy(name, record);
                }
            } catch (IOException e) {
                problems.add(what + " were stored, but could not be deleted or marked: " + e.getMessage());
            }
        }
        return waiting;
    }

    private static List<SpooledAttempt> attempts(Path run, List<String> problems) throws IOException {
        List<Path> files;
        try (Stream<Path> entries = Files.list(run)) {
            files = entries.filter(file -> file.getFileName().toString().matches("[0-9]{1,18}\\.json"))
                    .sorted(Comparator.comparingLong(Spool::number))
                    .toList();
        }
        List<SpooledAttempt> attempts = new ArrayList<>();
        for (Path file : files) {
            try {
                attempts.add(SpooledAttempt.read(file));
            } catch (IOException | RuntimeException e) {
                problems.add(file + " does not describe an attempt: " + e.getMessage());
            }
        }
        return attempts;
    }

    private static long number(Path file) {
        String name = file.getFileName().toString();
        return Long.parseLong(name.substring(0, name.length() - SpooledAttempt.SUFFIX.length()));
    }

    /** Deletes what a killed program leaves without a record, and the directory of the run if it is empty. */
    private static void sweep(Path run, List<String> problems) {
        try (Stream<Path> entries = Files.list(run)) {
            for (Path entry : entries.toList()) {
                String name = entry.getFileName().toString();
                boolean orphan = name.matches("[0-9]{1,18}") && Files.notExists(SpooledAttempt.fileOf(entry));
                if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
                        && (orphan || name.startsWith(LinkedCopy.PREFIX))) {
                    Artifacts.at(entry).delete();
                } else if (name.endsWith(SpooledAttempt.NEW)) {
                    Files.deleteIfExists(entry);
                }
            }
            deleteIfEmpty(run);
        } catch (IOException | UncheckedIOException e) {
            problems.add("could not delete what is left in " + run + ": " + e.getMessage());
        }
    }
}
