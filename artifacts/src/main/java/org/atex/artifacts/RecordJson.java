package org.atex.artifacts;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestSource;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;

/** Converts tests and systems to JSON values and back. The format is described by {@link Spool}. */
final class RecordJson {
    private RecordJson() {}

    static Map<String, @Nullable Object> write(SystemInfo system) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", system.name());
        json.put("provisioner", system.provisioner());
        json.put("host", system.host());
        json.put("labels", system.labels());
        return json;
    }

    static void write(JsonGenerator json, PlainTest test) {
        json.writeStartObject();
        write(json, Key.NAME, test.name());
        if (test.priority() != 0) {
            write(json, Key.PRIORITY, test.priority());
        }
        write(json, Key.EXPECTED, test.expected());
        write(json, Key.LIMIT, test.limit());
        if (test.destructive()) {
            write(json, Key.DESTRUCTIVE, true);
        }
        write(json, Key.TAGS, test.tags());
        write(json, Key.COMPONENTS, test.components());
        write(json, Key.GROUP, test.group());
        TestSource source = test.source();
        if (source != null) {
            write(json, Key.FILE, source.file());
            write(json, Key.LINE, source.line());
        }
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Key key, Set<String> texts) {
        if (!texts.isEmpty()) {
            write(json, key, texts.stream().sorted().toList());
        }
    }

    private static void write(JsonGenerator json, Key key, @Nullable Object value) {
        if (value != null) {
            json.writeName(key.text);
            JsonValues.write(json, value instanceof Duration duration ? duration.toString() : value);
        }
    }

    /** The keys of a test. */
    private enum Key {
        NAME,
        PRIORITY,
        EXPECTED,
        LIMIT,
        DESTRUCTIVE,
        TAGS,
        COMPONENTS,
        GROUP,
        FILE,
        LINE;

        private static final JsonFields.Keys<Key> KEYS = JsonFields.Keys.of(values());

        private final String text = name().toLowerCase(Locale.ROOT);

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * {@return a test}
     *
     * @param shared replaces equal values by one of them
     */
    static PlainTest test(Map<?, ?> json, Shared shared) {
        return test(Key.KEYS.of(json), shared);
    }

    /** {@return the test in the object at the current token} */
    static PlainTest readTest(JsonParser parser, Shared shared) {
        return test(Key.KEYS.read(parser), shared);
    }

    private static PlainTest test(JsonFields<Key> json, Shared shared) {
        PlainTest test = TestCase.named(json.presentText(Key.NAME));
        // Each method copies all properties, and most tests have few.
        if (json.has(Key.PRIORITY)) {
            test = test.withPriority(json.number(Key.PRIORITY, 0));
        }
        if (json.has(Key.EXPECTED)) {
            test = test.withExpected(Times.duration(json.presentText(Key.EXPECTED)));
        }
        if (json.has(Key.LIMIT)) {
            test = test.withLimit(Times.duration(json.presentText(Key.LIMIT)));
        }
        if (Boolean.TRUE.equals(json.get(Key.DESTRUCTIVE))) {
            test = test.withDestructive(true);
        }
        if (json.has(Key.TAGS)) {
            test = test.withTags(shared.texts(json.get(Key.TAGS)));
        }
        if (json.has(Key.COMPONENTS)) {
            test = test.withComponents(shared.texts(json.get(Key.COMPONENTS)));
        }
        if (json.has(Key.GROUP)) {
            test = test.withGroup(json.text(Key.GROUP));
        }
        return json.has(Key.FILE)
                ? test.withSource(new TestSource(json.presentText(Key.FILE), json.number(Key.LINE, 0)))
                : test;
    }

    static SystemInfo system(Map<?, ?> json) {
        Map<String, String> labels = new LinkedHashMap<>();
        Map<?, ?> all = object(json, "labels");
        if (all != null) {
            all.forEach((key, value) -> labels.put(String.valueOf(key), String.valueOf(value)));
        }
        return new SystemInfo(text(json, "name"), text(json, "provisioner"), text(json, "host"), labels);
    }

    static <T> T present(@Nullable T value, String key) {
        if (value == null) {
            throw new IllegalArgumentException("the key '" + key + "' is missing");
        }
        return value;
    }

    static String text(Map<?, ?> json, String key) {
        return present(textIfAny(json, key), key);
    }

    private static @Nullable String textIfAny(Map<?, ?> json, String key) {
        return textIfAny(key, json.get(key));
    }

    static @Nullable String textIfAny(String key, @Nullable Object value) {
        if (value != null && !(value instanceof String)) {
            throw new IllegalArgumentException("the value of '" + key + "' is not a string");
        }
        return (String) value;
    }

    static Set<String> texts(Map<?, ?> json, String key) {
        return texts(json.get(key));
    }

    static Set<String> texts(@Nullable Object value) {
        if (!(value instanceof List<?> list)) {
            return Set.of();
        }
        List<String> texts = new ArrayList<>();
        for (Object text : list) {
            texts.add(String.valueOf(text));
        }
        return Set.copyOf(texts);
    }

    static int number(Map<?, ?> json, String key) {
        return number(key, json.get(key));
    }

    static int number(String key, @Nullable Object value) {
        if (!(value instanceof Number number) || number.longValue() != number.intValue()) {
            throw new IllegalArgumentException("the value of '" + key + "' is not a number of 32 bits");
        }
        return number.intValue();
    }

    static @Nullable Map<?, ?> object(Map<?, ?> json, String key) {
        return objectIfAny(key, json.get(key));
    }

    static @Nullable Map<?, ?> objectIfAny(String key, @Nullable Object value) {
        if (value != null && !(value instanceof Map)) {
            throw new IllegalArgumentException("the value of '" + key + "' is not an object");
        }
        return (Map<?, ?>) value;
    }
}
