package org.atex.artifacts;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.support.Threads;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.ByteArrayBuilder;

/**
 * Writes a journal of a run, in the format that {@link Spool} describes. Entries survive a kill of the program at
 * once, and a crash of the machine a second later.
 *
 * <p>Lifecycle: open from the return of {@link #open} until {@link #close()}. Does not react to interrupts.
 *
 * <p>Thread safety: thread-safe.
 */
final class Journal implements AutoCloseable {
    private static final JsonFactory JSON = new JsonFactory();
    /** Bytes that are written with one system call. */
    private static final int PLANNED_AT_ONCE = 60_000;

    private static final Duration SYNC_AFTER = Duration.ofSeconds(1);
    private static final Duration CLOSES_WITHIN = Duration.ofSeconds(2);

    private final Path path;
    private final Map<String, @Nullable Object> head;
    // Guards the file as well. A write to it takes microseconds unless the disk hangs, and then all writers wait
    // anyway.
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<SystemInfo, Integer> systems = new HashMap<>(); // guarded by the lock
    /** The tests that this file has. Replaced as a whole. */
    private volatile Map<String, PlainTest> planned = Map.of();

    private AppendFile file; // guarded by the lock
    private int files; // guarded by the lock
    private boolean dirty; // guarded by the lock
    private boolean closed; // guarded by the lock
    private @Nullable Thread syncing; // guarded by the lock

    private Journal(Path path, Map<String, @Nullable Object> head, AppendFile file) {
        this.path = path;
        this.head = head;
        this.file = file;
    }

    /**
     * {@return the journal in a file, which is continued if it exists}
     *
     * @param head the first line
     */
    static Journal open(Path path, Map<String, @Nullable Object> head) throws IOException {
        Journal journal = new Journal(path, head, AppendFile.open(path));
        try {
            journal.begin();
            return journal;
        } catch (IOException e) {
            journal.file.close();
            throw e;
        }
    }

    private void begin() throws IOException {
        // A line break first, as a program that was killed may have left a part of a line.
        byte[] line = line(head);
        if (file.length() > 0) {
            file.append(new byte[] {'\n'});
        }
        file.append(line);
        files++;
        systems.clear();
    }

    /** Begins again if the file has been deleted. Entries refer to systems of the same file only. */
    void recreate() throws IOException {
        lock.lock();
        try {
            if (!closed && !path.toFile().exists()) {
                AppendFile next = AppendFile.open(path);
                file.close();
                file = next;
                planned = Map.of();
                begin();
            }
        } finally {
            lock.unlock();
        }
    }

    /** {@return a number that changes when the journal begins again} */
    int files() {
        lock.lock();
        try {
            return files;
        } finally {
            lock.unlock();
        }
    }

    /** {@return the values of a record, with the number of its system, whose description is in the journal} */
    RecordFields fields(TestRecord record) throws IOException {
        SystemInfo system = record.system();
        return RecordFields.of(
                record,
                system == null ? 0 : numberOf(system),
                (String) head.get(Spool.PLATFORM),
                record.test().equals(planned.get(record.name())));
    }

    /** Appends the tests of the run, to which records refer by their names from now on. */
    void plan(Collection<PlainTest> tests) throws IOException {
        Map<String, PlainTest> known = new HashMap<>();
        ByteArrayBuilder bytes = new ByteArrayBuilder();
        for (PlainTest test : tests) {
            known.put(test.name(), test);
            line(bytes, json -> {
                json.writeStartObject();
                json.writeName(JournalReader.PLANNED);
                RecordJson.write(json, test);
                json.writeEndObject();
            });
            if (bytes.size() > PLANNED_AT_ONCE) {
                write(bytes.getClearAndRelease());
            }
        }
        if (bytes.size() > 0) {
            write(bytes.getClearAndRelease());
        }
        planned = known;
    }

    private int numberOf(SystemInfo system) throws IOException {
        lock.lock();
        try {
            Integer known = systems.get(system);
            if (known != null) {
                return known;
            }
            int number = systems.size() + 1;
            Map<String, @Nullable Object> entry = new LinkedHashMap<>();
            entry.put("system", number);
            entry.put("info", RecordJson.write(system));
            append(line(entry));
            systems.put(system, number);
            return number;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Appends an entry.
     *
     * @throws IOException if it cannot be written; the journal is as before
     */
    void append(Map<String, @Nullable Object> entry) throws IOException {
        write(line(entry));
    }

    /**
     * Appends an entry about an attempt.
     *
     * @param before the values of its record that the journal has; null if there are none
     * @throws IOException if it cannot be written; the journal is as before
     */
    void append(AttemptLine entry, @Nullable RecordFields before) throws IOException {
        write(line(json -> entry.write(json, before)));
    }

    /** Appends the record of a test that never started. */
    void appendNotStarted(TestRecord record) throws IOException {
        RecordFields fields = fields(record);
        write(line(json -> {
            json.writeStartObject();
            json.writeName("notStarted");
            fields.write(json, null);
            json.writeEndObject();
        }));
    }

    private void write(byte[] line) throws IOException {
        lock.lock();
        try {
            append(line);
        } finally {
            lock.unlock();
        }
    }

    private void append(byte[] line) throws IOException {
        if (closed) {
            return; // a test that ends after its run has given it up
        }
        file.append(line);
        if (!dirty) {
            dirty = true;
            changed.signal(); // once for all entries that are synced together
        }
        if (syncing == null) {
            syncing = Threads.startDaemon("journal", this::sync);
        }
    }

    static byte[] line(Map<String, @Nullable Object> entry) {
        return line(json -> JsonValues.write(json, entry));
    }

    private static byte[] line(Consumer<JsonGenerator> entry) {
        ByteArrayBuilder bytes = new ByteArrayBuilder();
        line(bytes, entry);
        return bytes.toByteArray();
    }

    private static void line(ByteArrayBuilder bytes, Consumer<JsonGenerator> entry) {
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
            entry.accept(json);
        }
        bytes.append('\n');
    }

    /** Syncs entries a second after they were appended, until this is closed. */
    private void sync() {
        try {
            while (true) {
                AppendFile now;
                lock.lockInterruptibly();
                try {
                    while (!dirty && !closed) {
                        changed.await();
                    }
                    long left = SYNC_AFTER.toNanos();
                    while (!closed && left > 0) {
                        left = changed.awaitNanos(left);
                    }
                    if (closed) {
                        return;
                    }
                    dirty = false;
                    now = file;
                } finally {
                    lock.unlock();
                }
                syncQuietly(now);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void syncQuietly(AppendFile file) {
        try {
            file.sync();
        } catch (IOException e) {
            // The entries survive the program, if not the machine. A disk that fails is noticed by the next entry.
        }
    }

    @Override
    public void close() throws IOException {
        Thread running;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            changed.signalAll();
            running = syncing;
        } finally {
            lock.unlock();
        }
        if (running != null) {
            boolean unused = Threads.join(List.of(running), CLOSES_WITHIN);
        }
        try (AppendFile last = file) {
            if (dirty && path.toFile().exists()) {
                syncQuietly(last);
            }
        }
    }
}
