package org.atex.artifacts;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.artifacts.SpooledAttempt.State;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the journals of a run, in the format that {@link Spool} describes. Keys that it does not know are ignored. A
 * line that is incomplete or invalid is a problem, and is left out. Not thread-safe.
 */
final class JournalReader {
    // Our own files: texts of any length are read as they were written.
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** The only key of the line of a test. */
    static final String PLANNED = "planned";

    /** The state of an attempt at the end of the journals. */
    final class Entry {
        private final long number;
        private @Nullable State state;
        private boolean artifacts;
        private Set<String> storedBy = Set.of();
        private Map<Integer, SystemInfo> systems = Map.of();
        private @Nullable RecordFields fields;
        /** The record of an attempt that is over, which needs less memory. */
        private @Nullable TestRecord last;

        private Entry(long number) {
            this.number = number;
        }

        /** {@return the number of the attempt in the run} */
        long number() {
            return number;
        }

        State state() {
            return RecordJson.present(state, "state");
        }

        boolean hasArtifacts() {
            return artifacts;
        }

        Set<String> storedBy() {
            return storedBy;
        }

        boolean isOver() {
            return state == State.STORED || state == State.DISCARDED;
        }

        /** {@return the name of the test, also if the attempt is over} */
        String test() {
            return last == null ? RecordJson.present(fields, "record").nameOfTest() : last.name();
        }

        int attempt() {
            return last == null ? RecordJson.present(fields, "record").attempt() : last.attempt();
        }

        /**
         * {@return the record}
         *
         * @throws IllegalArgumentException if a value is missing or invalid
         */
        TestRecord record() {
            return last == null
                    ? RecordJson.present(fields, "record").record(systems, platform(), tests, shared)
                    : last;
        }

        private void take(AttemptLine line) {
            if (line.artifacts() != null) {
                artifacts = line.artifacts();
                fields = null;
            }
            RecordFields changed = line.record();
            if (changed != null) {
                if (fields == null) {
                    fields = changed;
                } else {
                    fields.take(changed);
                }
                systems = JournalReader.this.systems;
            }
            if (!line.storedBy().isEmpty()) {
                storedBy = new HashSet<>(storedBy);
                storedBy.addAll(line.storedBy());
            }
            state = line.state();
            if (isOver() && fields != null) {
                last = record();
                fields = null;
            }
        }
    }

    private final boolean goesOn;
    private final List<String> problems;
    private final PlannedTests tests = new PlannedTests();
    private final Shared shared = new Shared();
    private final List<TestRecord> notStarted = new ArrayList<>();
    /** In the order of their numbers. */
    private final List<Entry> attempts = new ArrayList<>();

    private final Set<OpenFixture> openFixtures = new LinkedHashSet<>();
    private boolean ended;
    private Map<String, @Nullable Object> head = Map.of();
    private Map<Integer, SystemInfo> systems = new HashMap<>();

    /**
     * Creates a reader.
     *
     * @param goesOn whether the program of the run may be writing the last line
     * @param problems receives lines that could not be read
     */
    JournalReader(boolean goesOn, List<String> problems) {
        this.goesOn = goesOn;
        this.problems = problems;
    }

    /** {@return the first line of a journal; empty if there is none, or it is damaged} */
    static Map<?, ?> headOf(Path journal) throws IOException {
        try (BufferedReader lines = lines(journal)) {
            String line = lines.readLine();
            return line == null ? Map.of() : parse(line);
        } catch (NoSuchFileException | IllegalArgumentException e) {
            return Map.of();
        }
    }

    // Bytes that are no text make a line invalid, and not the file.
    private static BufferedReader lines(Path journal) throws IOException {
        return new BufferedReader(new InputStreamReader(Files.newInputStream(journal), StandardCharsets.UTF_8));
    }

    /** Reads a journal, if it exists, which continues those that were read before. */
    void read(Path journal) throws IOException {
        systems = new HashMap<>();
        try {
            long undamaged = readUndamaged(journal);
            if (undamaged >= 0) {
                readByLines(journal, undamaged);
            }
        } catch (NoSuchFileException e) {
            // Nothing was written.
        }
    }

    /**
     * Reads a journal in one go, which is much faster than by lines. {@return the number of lines that were read before the
     * first invalid one, without empty lines; -1 if all are valid}
     */
    private long readUndamaged(Path journal) throws IOException {
        long taken = 0;
        try (LineStream in = new LineStream(Files.newInputStream(journal));
                JsonParser parser = JSON.createParser(ObjectReadContext.empty(), in)) {
            // A line with something after its object is invalid, so a line is taken when the next one has begun.
            Object last = null;
            for (long line = 1; parser.nextToken() == JsonToken.START_OBJECT; line++) {
                if (in.lines() != line) {
                    return taken;
                }
                Object next = readLine(parser);
                if (in.lines() != line) {
                    return taken;
                }
                if (last != null) {
                    take(last);
                    taken++;
                }
                last = next;
            }
            if (parser.currentToken() != null) {
                return taken;
            }
            if (last != null) {
                take(last);
            }
            return -1;
        } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
            return taken; // reading by lines tells which lines are invalid
        }
    }

    /** Reads the lines of a journal after the first ones, not counting empty lines. */
    void readByLines(Path journal, long from) throws IOException {
        try (BufferedReader lines = lines(journal)) {
            int number = 0;
            long read = 0;
            String problem = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isEmpty() && ++read > from) {
                    tell(problem);
                    problem = problemOf(line, journal, number);
                }
            }
            if (!goesOn) {
                tell(problem);
            }
        }
    }

    private String problemOf(String line, Path journal, int number) {
        try {
            take(parse(line, this::readLine));
            return "";
        } catch (IllegalArgumentException | DateTimeException e) {
            return journal + ", line " + number + ": it was left out, " + e.getMessage();
        }
    }

    private void tell(String problem) {
        if (!problem.isEmpty()) {
            problems.add(problem);
        }
    }

    /** Reads the object at the current token, as {@link #take} expects it. */
    private Object readLine(JsonParser parser) {
        String first = parser.nextName();
        if (AttemptLine.ATTEMPT.equals(first)) {
            return AttemptLine.read(parser);
        }
        if (!PLANNED.equals(first)) {
            return JsonValues.map(parser, first);
        }
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new IllegalArgumentException("the value of 'planned' is not an object");
        }
        PlainTest test = RecordJson.readTest(parser, shared);
        while (parser.nextName() != null) {
            parser.nextToken();
            parser.skipChildren(); // of a later version
        }
        return test;
    }

    static Map<?, ?> parse(String line) {
        return parse(line, parser -> JsonValues.map(parser, parser.nextName()));
    }

    private static <T> T parse(String line, Function<JsonParser, T> reader) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                T object = reader.apply(parser);
                if (parser.nextToken() == null) {
                    return object;
                }
            }
        } catch (JacksonException e) {
            throw new IllegalArgumentException("it is incomplete: " + e.getOriginalMessage(), e);
        }
        throw new IllegalArgumentException("it is not one JSON object");
    }

    private void take(Object line) {
        if (line instanceof AttemptLine attempt) {
            takeAttempt(attempt);
        } else if (line instanceof PlainTest test) {
            tests.add(test);
        } else {
            Map<?, ?> map = (Map<?, ?>) line;
            if (map.get(AttemptLine.ATTEMPT) != null) {
                takeAttempt(AttemptLine.of(map));
            } else {
                takeOther(map);
            }
        }
    }

    private void takeAttempt(AttemptLine line) {
        entry(line.attempt()).take(line);
    }

    /** {@return the entry of an attempt, which is created if it is missing} */
    private Entry entry(long number) {
        int from = 0;
        int until = attempts.size();
        if (until > 0 && attempts.get(until - 1).number <= number) {
            from = until - 1; // as most lines are about the latest attempt, or a new one
        }
        while (from < until) {
            int middle = (from + until) >>> 1;
            Entry entry = attempts.get(middle);
            if (entry.number == number) {
                return entry;
            }
            if (entry.number < number) {
                from = middle + 1;
            } else {
                until = middle;
            }
        }
        Entry entry = new Entry(number);
        attempts.add(from, entry);
        return entry;
    }

    private void takeOther(Map<?, ?> line) {
        if (line.get("system") != null) {
            systems.put(
                    RecordJson.number(line, "system"),
                    RecordJson.system(RecordJson.present(RecordJson.object(line, "info"), "info")));
        } else if (line.get(PLANNED) != null) {
            tests.add(RecordJson.test(RecordJson.present(RecordJson.object(line, PLANNED), PLANNED), shared));
        } else if (line.get("notStarted") != null) {
            notStarted.add(RecordFields.of(RecordJson.present(RecordJson.object(line, "notStarted"), "notStarted"))
                    .record(systems, platform(), tests, shared));
        } else if (line.get("fixture") != null) {
            OpenFixture fixture = new OpenFixture(RecordJson.text(line, "fixture"), RecordJson.text(line, "where"));
            if (Boolean.TRUE.equals(line.get("open"))) {
                openFixtures.add(fixture);
            } else {
                openFixtures.remove(fixture);
            }
        } else if (line.get("problem") != null) {
            problems.add(RecordJson.text(line, "problem"));
        } else if (line.get("ended") != null) {
            ended = true;
        } else if (line.get("aggregators") != null) {
            ended = false;
            head = new LinkedHashMap<>();
            line.forEach((key, value) -> head.put(String.valueOf(key), value));
            systems = new HashMap<>(); // the journal was begun again
        }
    }

    /** {@return the attempts, in the order of their numbers} */
    List<Entry> attempts() {
        return attempts;
    }

    /** {@return the tests of the run; none if its journal is not kept} */
    List<PlainTest> planned() {
        return tests.all();
    }

    /** {@return the records of tests that never started; none if the journal is not kept} */
    List<TestRecord> notStarted() {
        return notStarted;
    }

    /** {@return the fixtures that were started and not finished; none if the journal is not kept} */
    Set<OpenFixture> openFixtures() {
        return openFixtures;
    }

    /** {@return whether the run has ended; false if its journal is not kept} */
    boolean isEnded() {
        return ended;
    }

    /** {@return the first line, for a further journal} */
    Map<String, @Nullable Object> head() {
        return head;
    }

    private @Nullable String platform() {
        return head.get(Spool.PLATFORM) instanceof String platform ? platform : null;
    }

    /** {@return whether the files of attempts are kept after they are stored} */
    boolean keepsFiles() {
        return Boolean.TRUE.equals(head.get(Spool.KEEPS_FILES));
    }

    /** {@return the names of the aggregators of the run} */
    List<String> aggregators() {
        return List.copyOf(RecordJson.texts(head, "aggregators"));
    }
}
