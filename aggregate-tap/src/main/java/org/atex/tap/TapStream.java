package org.atex.tap;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.atex.artifacts.BrokenResultsException;
import org.atex.artifacts.FailedAttempts;
import org.atex.artifacts.TempBuffer;

/** Writes test points to a stream as tests end. Thread-safe. */
final class TapStream implements Aggregator {
    /** Identifies an attempt. */
    private record Key(String platform, String test, int attempt) {}

    private final TapOptions options;
    private final OutputStream out;
    private final PointWriter points;

    /** Guards all fields below, and the stream. */
    private final ReentrantLock lock = new ReentrantLock();

    private final FailedAttempts failed = new FailedAttempts();
    private final Map<Key, List<String>> earlier = new HashMap<>();
    private final Set<Key> stored = new HashSet<>();
    private String bailOut = "";
    private boolean begun;
    private boolean closed;

    TapStream(OutputStream out, TapOptions options) {
        this.out = out;
        this.options = options;
        points = new PointWriter(out);
    }

    void setBailOut(String why) {
        lock.lock();
        try {
            bailOut = why;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        try {
            List<TempBuffer> parts = PointRenderer.render(
                    record, record.name(), options, artifacts, Path.of(System.getProperty("java.io.tmpdir")));
            try {
                write(record, parts);
            } finally {
                for (TempBuffer part : parts) {
                    part.close();
                }
            }
        } catch (IOException | BrokenResultsException e) {
            throw new AggregationException(
                    "could not write the results of " + record.name() + " on " + record.platform()
                            + " to the stream: " + e.getMessage() + "; fix the cause, and ingest " + artifacts
                            + " again",
                    e);
        }
        try {
            artifacts.delete();
        } catch (IOException e) {
            throw new AggregationException(
                    "could not delete " + artifacts + ": " + e.getMessage() + "; its results are written", e);
        }
    }

    private void write(TestRecord record, List<TempBuffer> parts) throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the stream of TAP is closed");
            }
            Key key = new Key(record.platform(), record.name(), record.attempt());
            if (!options.duplicates() && !stored.add(key)) {
                throw new AggregationException(
                        "could not write the results of " + record.name() + " on " + record.platform() + ", attempt "
                                + record.attempt() + ": results of this attempt are already written; rename one of the"
                                + " tests, or allow duplicates with TapOptions.withDuplicates()",
                        null);
            }
            try {
                begin();
                add(record, parts);
                out.flush();
            } catch (IOException e) {
                stored.remove(key);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    private void begin() throws IOException {
        if (!begun) {
            points.version(options.version());
            begun = true;
        }
    }

    private void add(TestRecord record, List<TempBuffer> parts) throws IOException {
        Key test = new Key(record.platform(), record.name(), 0);
        List<String> before = earlier.getOrDefault(test, List.of());
        if (record.last()) {
            boolean isFlaky = PointRenderer.isOk(record.end().outcome()) && failed.before(record) > 0;
            points.point(
                    PointRenderer.isOk(record.end().outcome()),
                    (part, to) -> parts.get(part).writeTo(to),
                    to -> {
                        PointRenderer.write(to, isFlaky ? "  flaky: true\n" : "");
                        PointRenderer.write(to, before.isEmpty() ? "" : "  earlier_attempts:\n");
                        for (String line : before) {
                            PointRenderer.write(to, "    - \"" + line + "\"\n");
                        }
                    });
            earlier.remove(test);
        } else {
            String line = "attempt " + record.attempt() + ", " + text(parts.get(PointRenderer.SHORT));
            // A comment: the test has no point before its last attempt.
            PointRenderer.write(
                    out, "# " + text(parts.get(PointRenderer.DESCRIPTION)) + ", " + line + "; it runs again\n");
            List<String> lines = new ArrayList<>(before);
            lines.add(line);
            earlier.put(test, lines);
        }
        failed.add(record);
    }

    private static String text(TempBuffer buffer) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        buffer.writeTo(bytes);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void flush() {
        // Each test point is flushed when it is written.
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            begin();
            if (bailOut.isEmpty()) {
                points.plan();
            } else {
                points.bailOut(bailOut);
            }
            out.flush();
        } catch (IOException e) {
            throw new AggregationException("could not write the end of the stream of TAP: " + e.getMessage(), e);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "stream of TAP";
    }
}
