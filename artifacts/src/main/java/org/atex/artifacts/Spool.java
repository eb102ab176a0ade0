package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
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
 *     Spool.Replay replay = Spool.replay(Path.of("work"), report);
 *     System.out.println(replay.stored().size() + " attempts stored");
 *     replay.problems().forEach(System.out::println);
 * }
 * }
 *
 * <p>For each attempt there is a directory with a number as its name, which contains the {@link Artifacts}, and beside
 * it a file with the same number and the suffix {@code .json}: an object with
 *
 * <ul>
 *   <li>{@code state}: {@code RUNNING} from the start of the attempt, {@code ENDED} from its end, {@code KEPT} if an
 *       aggregator has finally refused it;
 *   <li>{@code run}: the id of the run;
 *   <li>{@code pid} and {@code since}: the process of the run and its start time in milliseconds since 1970;
 *   <li>{@code aggregators}, {@code storedBy}: the names of the aggregators of the run, and of those that have stored
 *       the attempt;
 *   <li>{@code artifacts}: whether the directory contains artifacts; it is empty if the test never started;
 *   <li>{@code record}: the {@link TestRecord}, without locks, needs and dependencies of its test. Times are in the
 *       format of {@link java.time.Instant#toString()} and {@link java.time.Duration#toString()}.
 * </ul>
 *
 * <p>Several runs may use the same directory at the same time. The files survive a crash of the program, but not of the
 * machine, as they are not synced.
 *
 * <p>Thread safety: thread-safe.
 */
public final class Spool {
    private final Path root;
    private final boolean temporary;
    private final String run;
    private final List<String> aggregators;
    private final AtomicLong count = new AtomicLong();

    private Spool(Path root, boolean temporary, String run, List<String> aggregators) {
        this.root = root;
        this.temporary = temporary;
        this.run = run;
        this.aggregators = List.copyOf(aggregators);
    }

    /**
     * {@return a spool in a directory, which is created if it is missing}
     *
     * @param directory the directory, or null for a temporary one
     * @param run the id of the run
     * @param aggregators the unique names of the aggregators that are to store each attempt
     * @throws IOException if the directory cannot be created
     */
    public static Spool open(@Nullable Path directory, String run, List<String> aggregators) throws IOException {
        return directory == null
                ? new Spool(Files.createTempDirectory("atex-run-"), true, run, aggregators)
                : new Spool(Files.createDirectories(directory), false, run, aggregators);
    }

    /**
     * {@return a new attempt with an empty directory for its artifacts}
     *
     * @throws IOException if the directory cannot be created
     */
    public SpooledAttempt next() throws IOException {
        Path directory = newDirectory();
        return new SpooledAttempt(directory, Artifacts.at(directory), run, SpooledAttempt.Owner.THIS, aggregators);
    }

    /**
     * {@return an attempt without artifacts, for a test that never started}
     *
     * @throws IOException if its number cannot be reserved
     */
    public SpooledAttempt nextWithoutArtifacts() throws IOException {
        return new SpooledAttempt(newDirectory(), Artifacts.none(), run, SpooledAttempt.Owner.THIS, aggregators);
    }

    private Path newDirectory() throws IOException {
        while (true) {
            Path directory = root.resolve(Long.toString(count.incrementAndGet()));
            try {
                if (Files.notExists(SpooledAttempt.fileOf(directory))) {
                    return Files.createDirectory(directory);
                }
            } catch (FileAlreadyExistsException e) {
                // Another run uses this number, or has left results that it could not store. Try the next one.
            } catch (NoSuchFileException e) {
                Files.createDirectories(root);
            }
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
     * Deletes the directory if it is temporary and empty. Call it after the end of the run.
     *
     * @throws IOException if the directory cannot be deleted
     */
    public void deleteIfEmpty() throws IOException {
        if (temporary) {
            try {
                Files.deleteIfExists(root);
            } catch (DirectoryNotEmptyException e) {
                // It contains results that were not stored.
            }
        }
    }

    /** {@return the directory} */
    @Override
    public String toString() {
        return root.toString();
    }

    /**
     * The result of a replay. Immutable.
     *
     * @param stored the attempts that the aggregator has stored
     * @param waiting the number of attempts that were left out, because the program that stores them still runs
     * @param problems the attempts that could not be read or stored, with the reason; they are still in the directory
     */
    public record Replay(List<TestRecord> stored, int waiting, List<String> problems) {
        /** Copies the lists. */
        public Replay {
            stored = List.copyOf(stored);
            problems = List.copyOf(problems);
        }
    }

    /**
     * Stores the results in a directory with an aggregator, in the order in which the attempts began. The name of the
     * aggregator is its {@code toString()}, which is also its default name in a run.
     *
     * @param directory the directory of the spool
     * @param aggregator the aggregator; the caller closes it
     * @return what was stored
     * @throws IOException if the directory cannot be read
     */
    public static Replay replay(Path directory, Aggregator aggregator) throws IOException {
        return replay(directory, aggregator.toString(), aggregator);
    }

    /**
     * Stores the results in a directory with an aggregator, in the order in which the attempts began. Attempts that an
     * aggregator with this name has stored already are left out, so that a replay can be repeated. An attempt is
     * deleted from the directory when all aggregators of its run have stored it.
     *
     * <p>Attempts of a program that still runs are left out unless their state is {@code KEPT}. An attempt that did not
     * end because its program was killed has the outcome {@link org.atex.api.Outcome#LOST}.
     *
     * @param directory the directory of the spool
     * @param name the name of the aggregator in its run
     * @param aggregator the aggregator; the caller closes it
     * @return what was stored
     * @throws IOException if the directory cannot be read
     */
    public static Replay replay(Path directory, String name, Aggregator aggregator) throws IOException {
        List<String> problems = new ArrayList<>();
        List<SpooledAttempt> attempts = attempts(directory, problems);
        Map<String, Integer> latest = new HashMap<>();
        attempts.forEach(attempt -> latest.merge(attempt.key(), attempt.record().attempt(), Math::max));
        List<TestRecord> stored = new ArrayList<>();
        int waiting = 0;
        for (SpooledAttempt attempt : attempts) {
            if (attempt.isStoredBy(name)) {
                continue;
            }
            if (attempt.isUnderWay()) {
                waiting++;
                continue;
            }
            TestRecord record = attempt.record();
            if (attempt.isTaken()) {
                attempt.delete();
                continue;
            }
            // A program that is killed has not marked the earlier attempts of all tests.
            if (record.last() && record.attempt() < latest.getOrDefault(attempt.key(), 0)) {
                record = record.withAttempt(record.attempt(), false);
            }
            try {
                attempt.ingest(aggregator, record, false);
                stored.add(record);
                attempt.storedBy(name, record);
            } catch (IOException | RuntimeException e) {
                problems.add("the results of " + record.name() + " (attempt " + record.attempt() + ") in " + attempt
                        + " were not stored: " + e.getMessage());
            }
        }
        return new Replay(stored, waiting, problems);
    }

    private static List<SpooledAttempt> attempts(Path directory, List<String> problems) throws IOException {
        List<Path> files;
        try (Stream<Path> entries = Files.list(directory)) {
            files = entries.filter(file -> file.getFileName().toString().matches("[0-9]{1,18}\\.json"))
                    .sorted(Comparator.comparingLong(Spool::number))
                    .toList();
        }
        List<SpooledAttempt> attempts = new ArrayList<>();
        for (Path file : files) {
            try {
                attempts.add(SpooledAttempt.read(file));
            } catch (IOException | IllegalArgumentException e) {
                problems.add(file + " does not describe an attempt: " + e.getMessage());
            }
        }
        return attempts;
    }

    private static long number(Path file) {
        String name = file.getFileName().toString();
        return Long.parseLong(name.substring(0, name.length() - SpooledAttempt.SUFFIX.length()));
    }
}
