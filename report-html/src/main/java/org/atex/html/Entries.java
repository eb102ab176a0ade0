package org.atex.html;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.atex.api.KnownFailure;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a run, from which the script of the page makes its views: one JSON object a line. The key {@code k} is
 * its {@linkplain EntryKind kind}:
 *
 * <ul>
 *   <li>{@code t}: a test, with its number {@code i}, name {@code n}, platform {@code p}, and its other properties;
 *   <li>{@code y}: a system, with its number {@code i}, name {@code n}, and its other properties;
 *   <li>{@code a}: an attempt at the test {@code i} on the system {@code s};
 *   <li>{@code r}, {@code z}: a run started or ended;
 *   <li>{@code f}: the former run; tests have their last attempts in earlier runs as {@code h}, and their outcome and
 *       duration in the former run as {@code m} and {@code w};
 *   <li>{@code g}: the names {@code n} of tests that a run lacks, and the former run has;
 *   <li>{@code e}: another event, with its type {@code y};
 *   <li>{@code now}: the state at the time when the page was written, the last entry.
 * </ul>
 *
 * <p>Times are milliseconds since 1970, durations are milliseconds. Not thread-safe.
 */
final class Entries {
    /** Maximum length of a reason or a note, in characters. */
    private static final int MAX_NOTE = 2000;

    /** A test of a platform. */
    record TestKey(String platform, String name) {}

    /** An attempt at a test; the attempt 0 stands for one that never started. */
    record AttemptKey(TestKey test, int attempt) {}

    /** Appends lines, completely or not at all. */
    @FunctionalInterface
    interface Sink {
        void append(byte[] lines) throws IOException;
    }

    private final Sink sink;
    private final EarlierRuns earlier;
    private final Map<TestKey, Integer> tests = new HashMap<>();
    private final Map<SystemInfo, Integer> systems = new HashMap<>();

    /** Lines that are not written yet, because the disk is full. The next entry writes them first. */
    private final StringBuilder pending = new StringBuilder();

    Entries(Sink sink, EarlierRuns earlier) {
        this.sink = sink;
        this.earlier = earlier;
        Line former = earlier.former();
        if (former != null) {
            pending.append(former.end()).append('\n');
        }
    }

    /** Goes on after the entries that are in the journal already. */
    void follow(LeftEntries left) {
        left.tests().forEach(test -> tests.put(test, tests.size()));
        left.systems().forEach(system -> systems.put(system, systems.size()));
        left.endsOfSystems().forEach(this::add);
    }

    /** Adds an attempt, completely or not at all. */
    void add(TestRecord record, AttemptDetails details) throws IOException {
        String line = attempt(record, details);
        sink.append((pending + line + "\n").getBytes(US_ASCII));
        pending.setLength(0);
    }

    /** Adds an entry. If it cannot be written now, it is kept in memory and written with the next one. */
    void add(Line entry) {
        pending.append(entry.end()).append('\n');
        write();
    }

    /** Adds the tests of a run. */
    void add(String platform, Collection<PlainTest> plan) {
        for (PlainTest test : plan) {
            int unused = test(platform, test);
            write();
        }
        Line missing = earlier.missing(plan);
        if (missing != null) {
            add(missing);
        }
    }

    private void write() {
        try {
            sink.append(pending.toString().getBytes(US_ASCII));
            pending.setLength(0);
        } catch (IOException e) {
            // The page is written with the pending lines; ingest() and close() report a full disk.
        }
    }

    /** {@return the lines that are not written yet} */
    String pending() {
        return pending.toString();
    }

    /** {@return the number of a test, which is added if it is new} */
    int test(String platform, PlainTest test) {
        TestKey key = new TestKey(platform, test.name());
        Integer known = tests.get(key);
        if (known != null) {
            return known;
        }
        int number = tests.size();
        tests.put(key, number);
        Line line = Line.of(EntryKind.TEST)
                .put("i", number)
                .put("n", test.name())
                .put("p", platform)
                .put("g", test.tags().stream().sorted().toList())
                .put("c", test.components().stream().sorted().toList())
                .put("u", test.group())
                .put("f", test.source() == null ? null : test.source().toString());
        earlier.addTo(line, test.name());
        Duration expected = test.expected();
        if (expected != null) {
            line.put("x", expected.toMillis());
        }
        pending.append(line.end()).append('\n');
        return number;
    }

    /** {@return the number of a system, which is added if it is new} */
    int system(SystemInfo system) {
        Integer known = systems.get(system);
        if (known != null) {
            return known;
        }
        int number = systems.size();
        systems.put(system, number);
        pending.append(Line.of(EntryKind.SYSTEM)
                        .put("i", number)
                        .put("n", system.name())
                        .put("v", system.provisioner())
                        .put("h", system.host())
                        .put("l", system.labels())
                        .end())
                .append('\n');
        return number;
    }

    private String attempt(TestRecord record, AttemptDetails details) {
        Line line = Line.of(EntryKind.ATTEMPT)
                .put("i", test(record.platform(), record.test()))
                .put("a", record.attempt())
                .put("o", record.end().outcome().name())
                .put("t", record.started().toEpochMilli())
                .put("d", record.took().toMillis())
                .put("n", cut(record.end().note()))
                .mark("l", record.last());
        SystemInfo system = record.system();
        if (system != null) {
            line.put("s", system(system)).put("b", record.slot());
        }
        if (record.attempt() > 1) {
            line.put("w", record.cause().name());
        }
        Integer exitCode = record.end().exitCode();
        if (exitCode != null && exitCode != 0) {
            line.put("x", exitCode);
        }
        KnownFailure known = record.known();
        if (known != null) {
            line.put("q", cut(known.toString()));
        }
        details.addTo(line);
        return line.end();
    }

    static String cut(@Nullable String text) {
        return cut(text, MAX_NOTE);
    }

    static String cut(@Nullable String text, int limit) {
        if (text == null || text.length() <= limit) {
            return text == null ? "" : text;
        }
        return text.substring(0, limit) + "… (" + (text.length() - limit) + " more characters)";
    }
}
