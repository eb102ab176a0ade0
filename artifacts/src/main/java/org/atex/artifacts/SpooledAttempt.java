package org.atex.artifacts;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.ByteArrayBuilder;

/**
 * An attempt in a {@link Spool}: the directory of its artifacts, and its record.
 *
 * <p>Lifecycle: made by {@link Spool#next()}. The record is written when the attempt starts, when it ends, and when it
 * is kept. {@link #delete()} removes it after it has been stored.
 *
 * <p>Thread safety: thread-safe.
 */
public final class SpooledAttempt {
    static final String SUFFIX = ".json";
    static final String NEW = SUFFIX + ".new";
    // Our own files: texts of any length are read as they were written.
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** How far an attempt is. */
    public enum State {
        /** It has started. */
        RUNNING,
        /** It has ended, and its results are being stored. */
        ENDED,
        /** An aggregator has finally refused its results. */
        KEPT
    }

    private final Path directory;
    private final Path file;
    private final Artifacts artifacts;
    private final List<String> aggregators;
    private final TreeSet<String> storedBy = new TreeSet<>();
    private @Nullable State state;
    private @Nullable TestRecord record;
    private boolean deleted;
    private boolean gone;

    SpooledAttempt(Path directory, Artifacts artifacts, List<String> aggregators) {
        this.directory = directory;
        this.artifacts = artifacts;
        this.file = fileOf(directory);
        this.aggregators = aggregators;
    }

    static Path fileOf(Path directory) {
        return directory.resolveSibling(directory.getFileName() + SUFFIX);
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
     * @param alone whether the aggregator gets the artifacts themselves; else it gets a copy, which consists of hard
     *     links if the file system supports them
     * @throws AggregationException if it cannot be stored; the artifacts are unchanged
     */
    public void ingest(Aggregator aggregator, TestRecord what, boolean alone) {
        if (alone || artifacts.isNone()) {
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
     * Writes the record. A running attempt has the end that it gets if the program is killed. Has no effect if
     * the attempt is further or was deleted: a test may end after its run has given it up.
     *
     * @param now how far the attempt is
     * @param what the record
     * @throws IOException if it cannot be written; an earlier record is unchanged
     */
    public synchronized void write(State now, TestRecord what) throws IOException {
        if (!deleted && (state == null || state.compareTo(now) < 0)) {
            rewrite(now, what);
        }
    }

    private void rewrite(State now, TestRecord what) throws IOException {
        // Atomically, as a program that is killed must not leave a part of a record.
        Path next = directory.resolveSibling(directory.getFileName() + NEW);
        write(next, json(now, what));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        state = now;
        record = what;
    }

    // Not by a channel, which an interrupt of this thread would close.
    private static void write(Path file, byte[] bytes) throws IOException {
        try (OutputStream out = new FileOutputStream(file.toFile())) {
            out.write(bytes);
        }
    }

    private byte[] json(State now, TestRecord what) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("state", now.name());
        values.put("aggregators", aggregators);
        values.put("storedBy", List.copyOf(storedBy));
        values.put("artifacts", !artifacts.isNone());
        values.put("record", RecordJson.write(what));
        ByteArrayBuilder bytes = new ByteArrayBuilder();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
            JsonValues.write(json, values);
        }
        return bytes.toByteArray();
    }

    /** {@return the attempt that a file describes} */
    static SpooledAttempt read(Path file) throws IOException {
        Object value;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), Files.readAllBytes(file))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("it is not a JSON object");
            }
            value = JsonValues.read(parser);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(e.getOriginalMessage(), e);
        }
        Map<?, ?> json = value instanceof Map<?, ?> map ? map : Map.of();
        String name = file.getFileName().toString();
        Path directory = file.resolveSibling(name.substring(0, name.length() - SUFFIX.length()));
        boolean hasArtifacts = Boolean.TRUE.equals(json.get("artifacts"));
        SpooledAttempt attempt = new SpooledAttempt(
                directory,
                hasArtifacts && Files.isDirectory(directory) ? Artifacts.at(directory) : Artifacts.none(),
                List.copyOf(RecordJson.texts(json, "aggregators")));
        attempt.state = State.valueOf(RecordJson.text(json, "state"));
        attempt.storedBy.addAll(RecordJson.texts(json, "storedBy"));
        attempt.record = RecordJson.read(RecordJson.present(RecordJson.object(json, "record"), "record"));
        attempt.gone = hasArtifacts && attempt.artifacts.isNone();
        return attempt;
    }

    synchronized State state() {
        return RecordJson.present(state, "state");
    }

    synchronized TestRecord record() {
        return RecordJson.present(record, "record");
    }

    /**
     * {@return whether its artifacts have been taken} Only the last aggregator takes them, when it stores them: the
     * program was killed before it could delete the record.
     */
    boolean isTaken() {
        return gone;
    }

    synchronized boolean isStoredBy(String aggregator) {
        return storedBy.contains(aggregator);
    }

    /**
     * Records that an aggregator has stored the attempt. If all have, the attempt is deleted.
     *
     * @param aggregator the name of the aggregator
     * @param what the record that was stored
     * @throws IOException if that cannot be recorded
     */
    public synchronized void storedBy(String aggregator, TestRecord what) throws IOException {
        storedBy.add(aggregator);
        if (storedBy.containsAll(aggregators)) {
            delete();
        } else if (!deleted) {
            rewrite(state == State.KEPT ? State.KEPT : State.ENDED, what);
        }
    }

    /**
     * Deletes the artifacts, if they still exist, and the record.
     *
     * @throws IOException if they cannot be deleted
     */
    public synchronized void delete() throws IOException {
        deleted = true;
        // The record first: what has no record is not stored again.
        Files.deleteIfExists(file);
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
