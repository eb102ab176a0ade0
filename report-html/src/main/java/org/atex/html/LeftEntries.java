package org.atex.html;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StreamCorruptedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.SystemInfo;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The entries in the journal of a page that its writer did not close. Reading checks that all complete lines are entries,
 * as their text becomes part of a page. Not thread-safe.
 */
final class LeftEntries {
    private static final JsonFactory JSON = new JsonFactory();

    private final List<Entries.TestKey> tests = new ArrayList<>();
    private final List<SystemInfo> systems = new ArrayList<>();
    private final List<Entries.AttemptKey> attempts = new ArrayList<>();

    /** The runs of the systems that were ready and not given back, by the numbers of the systems. */
    private final Map<Integer, String> inUse = new LinkedHashMap<>();

    private Instant lastChange = Instant.EPOCH;
    private long length;
    private long textBytes;

    private LeftEntries() {}

    /** {@return no entries} */
    static LeftEntries none() {
        return new LeftEntries();
    }

    /**
     * {@return the entries in a journal}
     *
     * @throws StreamCorruptedException if a line is not an entry
     */
    static LeftEntries read(Path journal) throws IOException {
        LeftEntries left = new LeftEntries();
        left.lastChange = Files.getLastModifiedTime(journal).toInstant();
        long line = 0;
        long size = Files.size(journal);
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(new FileInputStream(journal.toFile()), US_ASCII))) {
            for (String text = lines.readLine(); text != null; text = lines.readLine()) {
                line++;
                // A killed program may leave a last line without its end.
                if (left.length + text.length() >= size) {
                    break;
                }
                if (!left.take(text)) {
                    throw new StreamCorruptedException(
                            "line " + line + " of " + journal + " is not an entry of a page");
                }
                left.length += text.length() + 1L;
            }
        }
        return left;
    }

    /** {@return the length of all complete lines in bytes} */
    long length() {
        return length;
    }

    /** {@return the tests, by their numbers} */
    List<Entries.TestKey> tests() {
        return tests;
    }

    /** {@return the systems, by their numbers} */
    List<SystemInfo> systems() {
        return systems;
    }

    /** {@return the attempts, in their order} */
    List<Entries.AttemptKey> attempts() {
        return attempts;
    }

    /** {@return the approximate number of bytes of output in the entries} */
    long textBytes() {
        return textBytes;
    }

    /** {@return entries that give back the systems that were in use when the program ended} */
    List<Line> endsOfSystems() {
        List<Line> ends = new ArrayList<>();
        inUse.forEach((system, run) -> ends.add(Line.of(EntryKind.EVENT)
                .put("y", "gone")
                .put("t", lastChange.toEpochMilli())
                .put("r", run)
                .put("s", system)
                .put("n", "the program of the run ended")));
        return ends;
    }

    private boolean take(String text) {
        if (text.indexOf('<') >= 0 || text.indexOf('\ufffd') >= 0 || text.indexOf('\r') >= 0) {
            return false;
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
            parser.nextToken();
            EntryKind kind = EntryKind.KEY.equals(parser.nextName())
                    ? EntryKind.inJournal(String.valueOf(parser.nextStringValue()))
                    : null;
            if (kind == null) {
                return false;
            }
            Map<String, String> values = new HashMap<>();
            Map<String, String> nested = new HashMap<>();
            long texts = 0;
            for (String key = parser.nextName(); key != null; key = parser.nextName()) {
                if (parser.nextToken().isScalarValue()) {
                    values.put(key, parser.getString());
                } else {
                    texts += readNested(parser, nested);
                }
            }
            // JSON that ends too early, or has something after the object, is an error.
            return parser.currentToken() == JsonToken.END_OBJECT
                    && parser.nextToken() == null
                    && take(kind, values, nested, texts);
        } catch (JacksonException | NumberFormatException e) {
            return false;
        }
    }

    /** Reads an array or object, of which the texts with a name are added. {@return the length of all its texts} */
    private static long readNested(JsonParser parser, Map<String, String> named) {
        long texts = 0;
        int depth = 1;
        @Nullable String name = null;
        while (depth > 0) {
            JsonToken token = parser.nextToken();
            switch (token) {
                case START_OBJECT, START_ARRAY -> depth++;
                case END_OBJECT, END_ARRAY -> depth--;
                case PROPERTY_NAME -> name = parser.currentName();
                case VALUE_STRING -> {
                    texts += parser.getString().length();
                    if (name != null) {
                        named.put(name, parser.getString());
                    }
                }
                case null -> throw new NumberFormatException("the entry ends too early");
                default -> {}
            }
        }
        return texts;
    }

    private boolean take(EntryKind kind, Map<String, String> values, Map<String, String> nested, long texts) {
        switch (kind) {
            case TEST -> {
                tests.add(new Entries.TestKey(values.getOrDefault("p", ""), values.getOrDefault("n", "")));
                return number(values, "i") == tests.size() - 1;
            }
            case SYSTEM -> {
                systems.add(new SystemInfo(
                        values.getOrDefault("n", ""),
                        values.getOrDefault("v", ""),
                        values.getOrDefault("h", ""),
                        nested));
                return number(values, "i") == systems.size() - 1;
            }
            case ATTEMPT -> {
                int test = number(values, "i");
                if (test < 0 || test >= tests.size()) {
                    return false;
                }
                attempts.add(new Entries.AttemptKey(tests.get(test), number(values, "a")));
                textBytes += texts;
            }
            case EVENT -> {
                String type = values.getOrDefault("y", "");
                if (type.equals("ready")) {
                    inUse.put(number(values, "s"), values.getOrDefault("r", ""));
                } else if (type.equals("gone")) {
                    inUse.remove(number(values, "s"));
                }
            }
            default -> {}
        }
        return true;
    }

    private static int number(Map<String, String> values, String key) {
        return Integer.parseInt(values.getOrDefault(key, ""));
    }
}
