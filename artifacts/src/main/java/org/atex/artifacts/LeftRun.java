package org.atex.artifacts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.SpooledAttempt.State;

/** The directory of a run, whose results are stored by another program than that of the run. Not thread-safe. */
final class LeftRun {
    private final Path run;
    private final boolean goesOn;
    private final List<TestRecord> stored;
    private final List<String> problems;
    private final Map<Long, SpooledAttempt> attempts = new LinkedHashMap<>(); // in their order
    private boolean isUnderstood;
    private boolean isKept;

    /**
     * Creates the object.
     *
     * @param goesOn whether the program of the run still runs
     * @param stored receives the stored attempts
     * @param problems receives the reasons why something could not be read, stored or deleted
     */
    LeftRun(Path run, boolean goesOn, List<TestRecord> stored, List<String> problems) {
        this.run = run;
        this.goesOn = goesOn;
        this.stored = stored;
        this.problems = problems;
    }

    /** Stores the attempts that an aggregator has not stored yet. {@return the number of attempts that were left to their program} */
    int replay(String name, Aggregator aggregator) throws IOException {
        List<String> unread = new ArrayList<>();
        JournalReader reader = new JournalReader(goesOn, unread);
        reader.read(run.resolve(Spool.JOURNAL));
        reader.read(run.resolve(Spool.REPLAYS));
        if (reader.head().isEmpty() && hasAttempts()) {
            unread.add(run + " contains attempts, but its journal is missing or damaged: delete it, or restore "
                    + Spool.JOURNAL);
        }
        Map<String, Integer> latest = new HashMap<>();
        int waiting = 0;
        try (Journal journal = Journal.open(run.resolve(Spool.REPLAYS), reader.head())) {
            SpooledAttempt.Home home = Spool.home(run, journal, reader.aggregators(), reader.keepsFiles());
            for (JournalReader.Entry entry : reader.attempts()) {
                try {
                    latest.merge(entry.test(), entry.attempt(), Math::max);
                    if (!entry.isOver()) {
                        attempts.put(entry.number(), attempt(home, entry));
                    }
                } catch (IllegalArgumentException | DateTimeException e) {
                    unread.add("the journal does not describe the attempt "
                            + run.resolve(String.valueOf(entry.number())) + ": " + e.getMessage());
                }
            }
            problems.addAll(unread);
            isUnderstood = unread.isEmpty();
            isKept = !reader.planned().isEmpty();
            for (SpooledAttempt attempt : attempts.values()) {
                if (goesOn && attempt.state() != State.KEPT && !attempt.isStoredBy(name)) {
                    waiting++;
                } else if (!attempt.isStoredBy(name)) {
                    replay(attempt, latest, name, aggregator);
                }
            }
        }
        return waiting;
    }

    private SpooledAttempt attempt(SpooledAttempt.Home home, JournalReader.Entry entry) {
        Path directory = run.resolve(Long.toString(entry.number()));
        return new SpooledAttempt(
                home,
                entry.number(),
                directory,
                entry.hasArtifacts() && Files.isDirectory(directory) ? Artifacts.at(directory) : Artifacts.none(),
                entry.storedBy(),
                entry.state(),
                entry.record());
    }

    private void replay(SpooledAttempt attempt, Map<String, Integer> latest, String name, Aggregator aggregator) {
        TestRecord record = attempt.record();
        // A program that is killed has not marked the earlier attempts of all tests.
        if (record.last() && record.attempt() < latest.getOrDefault(record.name(), 0)) {
            record = record.withAttempt(record.attempt(), false);
        }
        String what = "the results of " + record.name() + " (attempt " + record.attempt() + ") in " + attempt;
        boolean isTaken = attempt.isTaken();
        try {
            if (!isTaken) {
                attempt.ingest(aggregator, record, false);
                stored.add(record);
            }
        } catch (RuntimeException e) {
            problems.add(what + " were not stored: " + e.getMessage());
            return;
        }
        try {
            if (!isTaken) {
                attempt.storedBy(name, record);
                return;
            }
            if (attempt.state() == State.KEPT) {
                problems.add(what + " are gone: the aggregator that refused them has stored them later, or they were"
                        + " deleted");
            }
            attempt.stored(record);
        } catch (IOException e) {
            problems.add(what + " were stored, but could not be deleted or marked: " + e.getMessage());
        }
    }

    /** Appends the journal of replays to that of the run. A reader sees no difference. */
    void joinReplays() throws IOException {
        Path replays = run.resolve(Spool.REPLAYS);
        if (Files.exists(replays)) {
            try (AppendFile journal = AppendFile.open(run.resolve(Spool.JOURNAL))) {
                journal.append(new byte[] {'\n'});
                journal.append(Files.readAllBytes(replays));
            }
            Files.delete(replays);
        }
    }

    /** {@return the attempts of the run; those that are to be stored go on in a journal} */
    List<EarlierAttempt> earlier(JournalReader reader, Journal journal, List<String> aggregators) throws IOException {
        List<EarlierAttempt> earlier = new ArrayList<>();
        isUnderstood = problems.isEmpty();
        isKept = true;
        SpooledAttempt.Home home = Spool.home(run, journal, aggregators, reader.keepsFiles());
        for (JournalReader.Entry entry : reader.attempts()) {
            try {
                if (entry.state() != State.DISCARDED) {
                    earlier.add(earlier(entry, home));
                }
            } catch (IllegalArgumentException | DateTimeException e) {
                isUnderstood = false;
                problems.add("the journal does not describe the attempt " + run.resolve(Long.toString(entry.number()))
                        + ": " + e.getMessage());
            }
        }
        reader.notStarted().forEach(record -> earlier.add(new EarlierAttempt(record, null, true)));
        return earlier;
    }

    private EarlierAttempt earlier(JournalReader.Entry entry, SpooledAttempt.Home home) throws IOException {
        TestRecord record = entry.record();
        if (entry.isOver()) {
            return new EarlierAttempt(record, null, true);
        }
        SpooledAttempt attempt = attempt(home, entry);
        if (attempt.isTaken()) {
            attempt.stored(record);
            return new EarlierAttempt(record, null, true);
        }
        attempts.put(entry.number(), attempt);
        boolean isDecided = entry.state() == State.KEPT
                || entry.state() == State.ENDED
                        && (!record.last() || !entry.storedBy().isEmpty());
        return new EarlierAttempt(record, attempt, isDecided);
    }

    /** {@return the highest number of an attempt, including those without an entry} */
    long highest(JournalReader reader) throws IOException {
        try (Stream<Path> entries = Files.list(run)) {
            return Math.max(
                    reader.attempts().stream()
                            .mapToLong(JournalReader.Entry::number)
                            .max()
                            .orElse(0),
                    entries.map(entry -> entry.getFileName().toString())
                            .filter(LeftRun::isAttempt)
                            .mapToLong(Long::parseLong)
                            .max()
                            .orElse(0));
        }
    }

    /** Deletes files that a killed program leaves without an entry, and the directory of the run if all is stored. */
    void sweep() {
        try (Stream<Path> entries = Files.list(run)) {
            for (Path entry : entries.toList()) {
                String name = entry.getFileName().toString();
                boolean isLeft = name.startsWith(LinkedCopy.PREFIX) || isUnderstood && isAttempt(name) && !isOpen(name);
                if (isLeft && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    Artifacts.at(entry).delete();
                }
            }
            boolean unused = !isKept && Spool.deleteIfStored(run);
        } catch (IOException | UncheckedIOException e) {
            problems.add("could not delete what is left in " + run + ": " + e.getMessage());
        }
    }

    private boolean hasAttempts() throws IOException {
        try (Stream<Path> entries = Files.list(run)) {
            return entries.anyMatch(entry -> isAttempt(entry.getFileName().toString()));
        }
    }

    private static boolean isAttempt(String name) {
        return name.matches("[0-9]{1,18}");
    }

    private boolean isOpen(String name) {
        return attempts.containsKey(Long.parseLong(name));
    }
}
