package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.Spool;
import org.atex.artifacts.SpooledAttempt;
import org.atex.artifacts.SpooledAttempt.State;
import org.jspecify.annotations.Nullable;

/** The results of one attempt on their way to all sinks. Thread-safe. */
final class PendingResults {
    final TestRecord record;

    private final Spool spool;
    private final List<NamedSink> sinks;
    private final RunLog log;
    private final Consumer<PendingResults> whenDone;
    private final BooleanSupplier mayKeepRecords;

    // Guarded by this.
    private final Set<NamedSink> finished = new HashSet<>();
    private final Map<NamedSink, Path> files = new HashMap<>();
    private final Map<NamedSink, String> problems = new LinkedHashMap<>();
    private @Nullable SpooledAttempt spooled;
    private boolean isKept;
    private String notDeleted = "";
    /** The number of sinks that have not finished. */
    private int open;

    /**
     * Creates the object.
     *
     * @param record the attempt
     * @param spooled its artifacts; null if the test never started
     * @param spool the spool
     * @param sinks the sinks
     * @param log the log of the run
     * @param mayKeepRecords whether there is time to keep the records of tests that never started
     * @param whenDone is told once, when all sinks have stored or finally refused the results
     */
    PendingResults(
            TestRecord record,
            @Nullable SpooledAttempt spooled,
            Spool spool,
            List<NamedSink> sinks,
            RunLog log,
            BooleanSupplier mayKeepRecords,
            Consumer<PendingResults> whenDone) {
        this.record = record;
        this.spooled = spooled;
        this.spool = spool;
        this.sinks = sinks;
        this.open = sinks.size();
        this.log = log;
        this.mayKeepRecords = mayKeepRecords;
        this.whenDone = whenDone;
    }

    /** Passes the results to a sink, with the artifacts themselves if it is the last one and none has failed. */
    void ingestInto(NamedSink sink) {
        SpooledAttempt attempt;
        boolean alone;
        synchronized (this) {
            attempt = spooled;
            alone = open == 1 && problems.isEmpty();
        }
        if (attempt == null) {
            sink.aggregator().ingest(record, Artifacts.none());
        } else {
            attempt.ingest(sink.aggregator(), record, alone);
        }
    }

    /** A sink has stored the results. */
    void stored(NamedSink sink, @Nullable Path where) {
        boolean done;
        synchronized (this) {
            if (!finished.add(sink)) {
                return;
            }
            open--;
            if (where != null) {
                files.put(sink, where);
            }
            done = open == 0;
            markStored(sink, done && problems.isEmpty());
            keepIfDone();
        }
        if (done) {
            whenDone.accept(this);
        }
    }

    private void markStored(NamedSink sink, boolean byAll) {
        SpooledAttempt attempt = spooled;
        try {
            if (attempt != null && byAll) {
                attempt.stored(record);
            } else if (attempt != null) {
                attempt.storedBy(sink.name(), record);
            } else if (byAll) {
                spool.stored(record);
            }
        } catch (IOException e) {
            log.warn("could not update " + (attempt == null ? spool : attempt), e);
            notDeleted = attempt == null ? notDeleted : attempt + ": " + Throwables.describe(e);
        }
    }

    /** A sink has finally not stored the results. */
    void notStored(NamedSink sink, String why) {
        boolean done;
        synchronized (this) {
            if (!finished.add(sink)) {
                return;
            }
            open--;
            problems.put(sink, why);
            done = open == 0;
            keepIfDone();
        }
        if (done) {
            whenDone.accept(this);
        }
    }

    /** Keeps refused results for a replay, when no other sink is going to store them. */
    private void keepIfDone() {
        if (open == 0 && !problems.isEmpty() && (spooled != null || mayKeepRecords.getAsBoolean())) {
            keep();
        }
    }

    /** Writes the record of refused results. {@return whether it is on disk} */
    synchronized boolean keep() {
        try {
            if (spooled == null) {
                spooled = spool.nextWithoutArtifacts();
            }
            spooled.write(State.KEPT, record);
            isKept = true;
        } catch (IOException e) {
            log.warn("could not write the record of " + record, e);
        }
        return isKept;
    }

    /** {@return whether refused results are without a record on disk, which may be full} */
    synchronized boolean isToBeKept() {
        return !problems.isEmpty() && spooled != null && !isKept;
    }

    /** {@return what could not be deleted after all sinks have stored it, and why; empty if nothing} */
    synchronized String notDeleted() {
        return problems.isEmpty() ? notDeleted : "";
    }

    /** {@return the reasons why sinks have not stored the results} */
    synchronized Map<NamedSink, String> problems() {
        return Map.copyOf(problems);
    }

    /** {@return the directory of the files at the first sink that has one} */
    synchronized @Nullable Path files() {
        return sinks.stream()
                .map(files::get)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** {@return where the results are kept, if they are} */
    synchronized @Nullable String kept() {
        return problems.isEmpty() || spooled == null || !isKept ? null : spooled.toString();
    }
}
