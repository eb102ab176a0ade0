package org.atex.artifacts;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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
 * Reads a {@code results} file one result at a time. Memory use does not grow with the file. The keys of a result are
 * those of {@link ReportedResult}.
 *
 * <p>Strict: each line must be a JSON object of at most {@value #MAX_LINE_BYTES} bytes in UTF-8. An empty line, a
 * duplicate key or a value of the wrong type is an error that names file and line. The newline at the end of the last
 * line is optional. A null is treated like a missing key, and an empty {@code name} like a missing one.
 *
 * <p>Lifecycle: open from the return of a factory method until {@link #close()}. Does not react to interrupts.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class ResultReader implements AutoCloseable {
    /** Maximum length of a line in bytes: 8 MiB. */
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
     * {@return a reader of the results of a test, which returns none if there is no {@code results} file}
     *
     * @param artifacts the artifacts of the test
     * @throws IOException if the file exists but cannot be opened
     */
    public static ResultReader of(Artifacts artifacts) throws IOException {
        if (artifacts.isNone()) {
            return new ResultReader(Path.of("results"), null);
        }
        Path results = artifacts.results();
        try {
            if (Files.exists(results, LinkOption.NOFOLLOW_LINKS)
                    && !Files.isRegularFile(results, LinkOption.NOFOLLOW_LINKS)) {
                // A pipe would block, and a link may lead anywhere.
                throw new BrokenResultsException(results, 0, "it is not a regular file", null);
            }
            return open(results);
        } catch (FileNotFoundException e) {
            if (Files.notExists(results)) {
                return new ResultReader(results, null);
            }
            throw e;
        }
    }

    /**
     * {@return a reader of a file}
     *
     * @param results an existing file
     * @throws IOException if it cannot be opened
     */
    public static ResultReader open(Path results) throws IOException {
        // Not Files.newInputStream: an interrupt of the reading thread closes its channel.
        return new ResultReader(results, new FileInputStream(results.toFile()));
    }

    /** {@return a reader of a stream, which it closes; the path is used in error messages} */
    static ResultReader of(Path results, InputStream text) {
        return new ResultReader(results, text);
    }

    /**
     * {@return the next result, or null after the last}
     *
     * @throws BrokenResultsException if the next line is not a valid result
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
            // The parser may detect the error on a later line, if the object does not end on its own line.
            long at = insideObject ? line : e.getLocation().getLineNr();
            throw new BrokenResultsException(file, at, e.getOriginalMessage(), e);
        }
    }

    /** {@return the line number of the last result that was read, from 1; 0 before the first} */
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
            throw broken(start, "the line has a second value");
        }
        if (start > line + 1) {
            throw broken(line + 1, "the line is empty");
        }
        line = start;
        if (token != JsonToken.START_OBJECT) {
            throw broken(start, "the line is not a JSON object");
        }
        insideObject = true;
        ReportedResult result = object(json);
        insideObject = false;
        if (json.currentLocation().getLineNr() != start) {
            throw broken(start, "the object does not end on the line");
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
        return ReportedResult.of(status, note, files == null ? List.of() : files)
                .withName(named)
                .withMore(more);
    }

    private <T> @Nullable T once(String key, @Nullable T before, @Nullable T now) {
        if (before != null) {
            throw broken(line, "the key '" + key + "' occurs twice");
        }
        return now;
    }

    private Map<String, @Nullable Object> add(Map<String, @Nullable Object> more, String key, @Nullable Object value) {
        // Most results have no additional keys, and share the empty map.
        Map<String, @Nullable Object> map = more.isEmpty() ? new LinkedHashMap<>() : more;
        if (map.containsKey(key)) {
            throw broken(line, "the key '" + key + "' occurs twice");
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
                    throw broken(line, "the status is blank");
                }
                yield new Status(word);
            }
        };
    }

    private String string(JsonParser json, String key) {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw broken(line, "the value of '" + key + "' is not a string");
        }
        return json.getString();
    }

    private List<String> strings(JsonParser json, String key) {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw broken(line, "the value of '" + key + "' is not an array");
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
