package org.atex.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;

/**
 * An aggregator that keeps all results in memory. It does not parse result lines, so it accepts malformed ones.
 *
 * <p>Lifecycle and thread safety are those of {@link Aggregator}. The accessors work after {@link #close()}, too.
 */
public final class RecordingAggregator implements Aggregator {
    /**
     * One ingested attempt. Immutable.
     *
     * @param record the attempt
     * @param results the lines of its results file
     * @param files the sizes in bytes of its files, by their paths below {@code files}
     */
    public record Entry(TestRecord record, List<String> results, Map<String, Long> files) {
        /** Copies the collections. */
        public Entry {
            results = List.copyOf(results);
            files = Map.copyOf(files);
        }
    }

    private final Predicate<TestRecord> fails;
    private final ConcurrentLinkedQueue<Entry> entries = new ConcurrentLinkedQueue<>();
    private final Map<List<Object>, Boolean> names = new ConcurrentHashMap<>();
    private final AtomicInteger flushes = new AtomicInteger();
    private volatile boolean closed;

    private RecordingAggregator(Predicate<TestRecord> fails) {
        this.fails = fails;
    }

    /** {@return an aggregator that accepts all records} */
    public static RecordingAggregator create() {
        return new RecordingAggregator(record -> false);
    }

    /**
     * {@return an aggregator that fails to store some records}
     *
     * @param which selects the records to fail for
     */
    public static RecordingAggregator failing(Predicate<TestRecord> which) {
        return new RecordingAggregator(which);
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        if (closed) {
            throw new IllegalStateException("could not ingest " + record.name() + ": this aggregator is closed");
        }
        if (fails.test(record)) {
            throw new AggregationException(
                    "could not store " + record.name() + ": this fake was configured to fail", null);
        }
        List<Object> name = List.of(record.platform(), record.name(), record.attempt());
        // Claimed before the files are read, so that of two threads with the same attempt only one succeeds.
        if (names.putIfAbsent(name, true) != null) {
            throw new AggregationException(
                    "could not store attempt " + record.attempt() + " of " + record.name() + " on " + record.platform()
                            + ": it is stored already",
                    null);
        }
        // A file channel is closed by a pending interrupt, so the interrupt is cleared here and restored below.
        boolean interrupted = Thread.interrupted();
        try {
            entries.add(read(record, artifacts));
            artifacts.delete();
        } catch (IOException e) {
            names.remove(name);
            throw new AggregationException("could not store " + record.name() + ": " + e.getMessage(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static Entry read(TestRecord record, Artifacts artifacts) throws IOException {
        if (artifacts.isNone()) {
            return new Entry(record, List.of(), Map.of());
        }
        List<String> results = Files.exists(artifacts.results()) ? Files.readAllLines(artifacts.results()) : List.of();
        Map<String, Long> files = new TreeMap<>();
        if (Files.isDirectory(artifacts.files())) {
            try (Stream<Path> all = Files.walk(artifacts.files())) {
                for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
                    files.put(artifacts.files().relativize(file).toString(), Files.size(file));
                }
            }
        }
        return new Entry(record, results, files);
    }

    @Override
    public void flush() {
        flushes.incrementAndGet();
    }

    @Override
    public void close() {
        closed = true;
    }

    /** {@return the number of calls of {@link #flush()}} */
    public int flushes() {
        return flushes.get();
    }

    /** {@return whether this aggregator is closed} */
    public boolean isClosed() {
        return closed;
    }

    /** {@return the ingested attempts, in order} */
    public List<Entry> entries() {
        return List.copyOf(entries);
    }

    /** {@return the records of the ingested attempts, in order} */
    public List<TestRecord> records() {
        return entries.stream().map(Entry::record).toList();
    }
}
