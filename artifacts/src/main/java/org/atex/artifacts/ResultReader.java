package org.atex.artifacts;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads a {@code results} file, one result at a time, in memory that does not grow with the file.
 *
 * <p>It is strict: each line is one JSON object of at most {@value #MAX_LINE_BYTES} bytes in UTF-8; an empty line, a key
 * given twice or a value of the wrong type is refused with the file's name and the line's number. Only the last line may
 * lack its newline. A null is as good as a key left out, and an empty {@code name} as good as none.
 *
 * <p>Lifecycle: open when a factory returns it, until {@link #close()}. It does not react to interrupts.
 *
 * <p>Thread safety: for one thread at a time.
 */
public final class ResultReader implements AutoCloseable {
    /** The longest line that is read: 8 MiB. */
    public static final int MAX_LINE_BYTES = 8 << 20;

    private static final int MAX_KEY_LENGTH = 4096;
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(MAX_LINE_BYTES)
                    .maxNameLength(MAX_KEY_LENGTH)
                    .build())
            .build();

    private final Path file;
    private final @Nullable JsonParser parser;
    private long line;
    private boolean insideObject;

    private ResultReader(Path file, @Nullable InputStream in) {
        this.file = file;
        this.parser = in == null
                ? null
                : JSON.createParser(ObjectReadContext.empty(), new LineLimit(in, file, MAX_LINE_BYTES));
    }

    /**
     * {@return a reader of a test's results; without any, if the test left none}
     *
     * @param artifacts what the test left behind
     * @throws IOException if the file is there but cannot be opened
     */
    public static ResultReader of(Artifacts artifacts) throws IOException {
        if (artifacts.isNone()) {
            return new ResultReader(Path.of("results"), null);
        }
        Path results = artifacts.results();
        try {
            return open(results);
        } catch (FileNotFoundException e) {
            if (Files.notExists(results)) {
                return new ResultReader(results, null);
            }
            throw e;
        }
    }

    /**
     * {@return a reader of that file}
     *
     * @param results an existing file
     * @throws IOException if it cannot be opened
     */
    public static ResultReader open(Path results) throws IOException {
        // Not Files.newInputStream: that one is closed by an interrupt that is meant for somebody else.
        return new ResultReader(results, new FileInputStream(results.toFile()));
    }

    /** {@return a reader of a file's text, which it closes} */
    static ResultReader of(Path results, InputStream text) {
        return new ResultReader(results, text);
    }

    /**
     * {@return the next result, or null after the last}
     *
     * @throws BrokenResultsException if what comes next is not a result
     * @throws IOException if the file cannot be read
     */
    public @Nullable ReportedResult next() throws IOException {
        if (parser == null) {
            return null;
        }
        try {
            return next(parser);
        } catch (JacksonIOException e) {
            throw e.getCause();
        } catch (JacksonException e) {
            // An object that does not end on its line goes wrong on a later one.
            long at = insideObject ? line : e.getLocation().getLineNr();
            throw new BrokenResultsException(file, at, e.getOriginalMessage(), e);
        }
    }

    /** {@return the line of the result read last, from 1 upwards; 0 before the first} */
    public long line() {
        return line;
    }

    @Override
    public void close() throws IOException {
        if (parser != null) {
            try {
                parser.close();
            } catch (JacksonIOException e) {
                throw e.getCause();
            }
        }
    }

    private @Nullable ReportedResult next(JsonParser json) {
        JsonToken token = json.nextToken();
        if (token == null) {
            return null;
        }
        long start = json.currentTokenLocation().getLineNr();
        if (start == line) {
            throw broken(start, "a second value follows on it");
        }
        if (start > line + 1) {
            throw broken(line + 1, "it is empty");
        }
        line = start;
        if (token != JsonToken.START_OBJECT) {
            throw broken(start, "it is no object");
        }
        insideObject = true;
        ReportedResult result = object(json);
        insideObject = false;
        if (json.currentLocation().getLineNr() != start) {
            throw broken(start, "its object does not end on it");
        }
        return result;
    }

    // NullAway does not see in a class file that the values of ReportedResult's map may be null.
    @SuppressWarnings("NullAway")
    private ReportedResult object(JsonParser json) {
        Status status = null;
        String name = null;
        String note = null;
        List<String> files = null;
        Map<String, @Nullable Object> more = Map.of();
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            boolean isNull = json.nextToken() == JsonToken.VALUE_NULL;
            switch (key) {
                case "status" ->
                    status = isNull ? once(key, status, null) : once(key, status, status(string(json, key)));
                case "name" -> name = isNull ? once(key, name, null) : once(key, name, string(json, key));
                case "note" -> note = isNull ? once(key, note, null) : once(key, note, string(json, key));
                case "files" -> files = isNull ? once(key, files, null) : once(key, files, strings(json, key));
                default -> more = add(more, key, JsonValues.read(json));
            }
        }
        String named = name == null || name.isEmpty() ? null : name;
        return new ReportedResult(status, named, note, files == null ? List.of() : files, more);
    }

    private <T> @Nullable T once(String key, @Nullable T before, @Nullable T now) {
        if (before != null) {
            throw broken(line, "its key '" + key + "' is given twice");
        }
        return now;
    }

    private Map<String, @Nullable Object> add(Map<String, @Nullable Object> more, String key, @Nullable Object value) {
        // Most results have none of these: they share the empty map.
        Map<String, @Nullable Object> map = more.isEmpty() ? new LinkedHashMap<>() : more;
        if (map.containsKey(key)) {
            throw broken(line, "its key '" + key + "' is given twice");
        }
        map.put(key, value);
        return map;
    }

    private Status status(String word) {
        return switch (word) {
            case "pass" -> Status.PASS;
            case "fail" -> Status.FAIL;
            case "info" -> Status.INFO;
            default -> {
                if (word.isBlank()) {
                    throw broken(line, "its status is blank");
                }
                yield new Status(word);
            }
        };
    }

    private String string(JsonParser json, String key) {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw broken(line, "its '" + key + "' is no string");
        }
        return json.getString();
    }

    private List<String> strings(JsonParser json, String key) {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw broken(line, "its '" + key + "' is no array");
        }
        List<String> strings = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            strings.add(string(json, key));
        }
        return strings;
    }

    private BrokenResultsException broken(long at, String why) {
        return new BrokenResultsException(file, at, why, null);
    }
}
