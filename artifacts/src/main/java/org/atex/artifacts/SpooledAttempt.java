package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * An attempt in a {@link Spool}: the directory of its artifacts, and its record.
 *
 * <p>Lifecycle: made by {@link Spool#next()}. The record is written when the attempt starts, when it ends, and when it
 * is kept. {@link #stored} and {@link #discard} end it.
 *
 * <p>Thread safety: thread-safe.
 */
public final class SpooledAttempt {
    /** How an attempt ends whose program is killed: its record has this end until the attempt has another one. */
    public static final TestEnd KILLED =
            TestEnd.of(Outcome.LOST, "the program that ran the test ended before the test");

    /** How far an attempt is. */
    public enum State {
        /** It has started. */
        RUNNING,
        /** It has ended, and its results are being stored. */
        ENDED,
        /** An aggregator has finally refused its results. */
        KEPT,
        /** All aggregators have stored its results. */
        STORED,
        /** It has no valid result, for example because there was no disk space, and is repeated. */
        DISCARDED
    }

    /**
     * The run of attempts.
     *
     * @param journal its journal
     * @param aggregators the names of the aggregators that are to store each attempt
     * @param kept the directory to which the artifacts of stored attempts are moved; null if they are deleted
     */
    record Home(
            Journal journal,
            List<String> aggregators,
            @Nullable Path kept) {
        /** Copies the list. */
        Home {
            aggregators = List.copyOf(aggregators);
        }
    }

    private final Home home;
    private final Journal journal;
    private final long number;
    private final Path directory;
    private final Artifacts artifacts;
    private final Set<String> storedBy;
    /** Whether the kept files have the artifacts. */
    private boolean isCopied;

    private volatile @Nullable IOException notKept;
    private @Nullable State state;
    private @Nullable TestRecord record;
    /** The record as it is in the journal; null if it is not. */
    private @Nullable RecordFields written;

    /** The {@link Journal#files()} of that. */
    private int writtenTo;

    SpooledAttempt(Home home, long number, Path directory, Artifacts artifacts) {
        this(home, number, directory, artifacts, Set.of(), null, null);
    }

    SpooledAttempt(
            Home home,
            long number,
            Path directory,
            Artifacts artifacts,
            Set<String> storedBy,
            @Nullable State state,
            @Nullable TestRecord record) {
        this.home = home;
        this.journal = home.journal();
        this.number = number;
        this.directory = directory;
        this.artifacts = artifacts;
        this.storedBy = new HashSet<>(storedBy);
        this.state = state;
        this.record = record;
    }

    /** {@return the artifacts; none if the test never started} */
    public Artifacts artifacts() {
        return artifacts;
    }

    /**
     * Stores the attempt with an aggregator.
     *
     * @param aggregator the aggregator
     * @param what the record
     * @param alone whether the aggregator gets the artifacts themselves; else it gets a copy, which consists of hard links if
     *     the file system supports them
     * @throws AggregationException if it cannot be stored; the artifacts are unchanged
     */
    public void ingest(Aggregator aggregator, TestRecord what, boolean alone) {
        if (alone || artifacts.isNone()) {
            copyToKept();
            aggregator.ingest(what, artifacts);
            return;
        }
        LinkedCopy copy;
        try {
            copy = LinkedCopy.of(artifacts);
        } catch (IOException e) {
            throw new AggregationException(
                    "could not copy " + artifacts + " of " + what.name() + " on " + what.platform() + ": "
                            + e.getMessage(),
                    e);
        }
        try {
            aggregator.ingest(what, copy.artifacts());
        } finally {
            try {
                copy.close();
            } catch (IOException e) {
                // The results are stored. What is left of the copy is deleted with the directory of the run.
            }
        }
    }

    /**
     * Writes that the attempt has ended, and that it is followed by another one. Without this, a program that resumes the
     * run could not know it.
     *
     * @param what the record
     * @throws IOException if it cannot be written; the earlier record is unchanged
     */
    public synchronized void notLast(TestRecord what) throws IOException {
        if (state == State.RUNNING || state == State.ENDED) {
            append(State.ENDED, what, Set.of());
            state = State.ENDED;
        }
    }

    /**
     * Writes the record. A running attempt has the end that it gets if the program is killed. Has no effect if
     * the attempt is further: a test may end after its run has given it up.
     *
     * @param now how far the attempt is
     * @param what the record
     * @throws IOException if it cannot be written; the earlier record is unchanged
     */
    public synchronized void write(State now, TestRecord what) throws IOException {
        if (state == null || state.compareTo(now) < 0) {
            append(now, what, Set.of());
            state = now;
        }
    }

    private void append(State now, TestRecord what, Set<String> by) throws IOException {
        boolean isFirst = !isWritten();
        RecordFields fields = journal.fields(what);
        journal.append(new AttemptLine(number, now, isFirst ? !artifacts.isNone() : null, by, fields), written);
        written = fields;
        record = what;
    }

    /** {@return whether the journal has a line of the attempt} It has none if it has begun again. */
    private boolean isWritten() {
        int to = journal.files();
        if (to != writtenTo) {
            writtenTo = to;
            written = null;
        }
        return written != null;
    }

    synchronized State state() {
        return RecordJson.present(state, "state");
    }

    synchronized TestRecord record() {
        return RecordJson.present(record, "record");
    }

    /**
     * {@return whether its artifacts have been taken} Only the last aggregator takes them, when it stores them: the
     * program was killed before it could write that.
     */
    boolean isTaken() {
        return !Files.isDirectory(directory);
    }

    /**
     * {@return whether an aggregator has stored the attempt}
     *
     * @param aggregator the name of the aggregator
     */
    public synchronized boolean isStoredBy(String aggregator) {
        return storedBy.contains(aggregator);
    }

    /**
     * Records that an aggregator has stored the attempt. If all have, the artifacts are deleted, or kept.
     *
     * @param aggregator the name of the aggregator
     * @param what the record that was stored
     * @throws IOException if that cannot be recorded
     */
    public synchronized void storedBy(String aggregator, TestRecord what) throws IOException {
        storedBy.add(aggregator);
        if (storedBy.containsAll(home.aggregators())) {
            stored(what);
        } else if (!isOver()) {
            append(state == State.KEPT ? State.KEPT : State.ENDED, what, storedBy);
        }
    }

    /** Copies the artifacts to those that are kept, before an aggregator takes them. */
    private synchronized void copyToKept() {
        Path kept = keptDirectory();
        if (kept == null || isCopied) {
            return;
        }
        try {
            prepare(kept);
            LinkedCopy.link(artifacts, kept);
            isCopied = true;
            notKept = null;
        } catch (IOException e) {
            notKept = e;
        }
    }

    /** Moves the artifacts to those that are kept, if no aggregator has taken them. */
    private synchronized void moveToKept() {
        Path kept = keptDirectory();
        if (kept == null || isCopied || isOver() || !Files.isDirectory(directory)) {
            return;
        }
        try {
            prepare(kept);
            Files.move(directory, kept);
        } catch (IOException e) {
            notKept = e;
        }
    }

    private static void prepare(Path kept) throws IOException {
        Files.createDirectories(kept.resolveSibling("."));
        if (Files.exists(kept)) {
            Artifacts.at(kept).delete(); // of a program that was killed meanwhile, or that could not store them
        }
    }

    private @Nullable Path keptDirectory() {
        Path kept = home.kept();
        return kept == null || artifacts.isNone() ? null : kept.resolve(Long.toString(number));
    }

    /**
     * Deletes the artifacts, if they still exist, as all aggregators have stored the attempt. If the run keeps files, they
     * are kept.
     *
     * @param what the record that was stored
     * @throws IOException if they cannot be deleted or kept
     */
    public void stored(TestRecord what) throws IOException {
        moveToKept();
        delete(State.STORED, what);
        IOException failure = notKept;
        if (failure != null) {
            throw new IOException(
                    "the files of " + what.name() + " could not be kept in " + keptDirectory() + ": " + failure,
                    failure);
        }
    }

    /**
     * Deletes the artifacts of an attempt that has no valid result.
     *
     * @throws IOException if they cannot be deleted
     */
    public void discard() throws IOException {
        delete(State.DISCARDED, null);
    }

    private boolean isOver() {
        return state == State.STORED || state == State.DISCARDED;
    }

    private synchronized void delete(State now, @Nullable TestRecord what) throws IOException {
        if (state != null && !isOver()) {
            // First, so that a part of the artifacts is not stored again.
            try {
                boolean isFirst = !isWritten();
                if (what != null && (isFirst || !what.equals(record))) {
                    append(now, what, Set.of());
                } else {
                    Boolean has = isFirst ? !artifacts.isNone() : null;
                    journal.append(new AttemptLine(number, now, has, Set.of(), null), null);
                }
            } catch (IOException e) {
                // The disk is full. That the directory is missing tells the same.
            }
        }
        state = now;
        artifacts.delete();
        if (artifacts.isNone()) {
            Files.deleteIfExists(directory); // it reserves the number
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }
}
