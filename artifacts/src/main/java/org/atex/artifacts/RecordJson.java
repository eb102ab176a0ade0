package org.atex.artifacts;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.jspecify.annotations.Nullable;

/** Converts records of attempts to JSON values and back. The format is described by {@link Spool}. */
final class RecordJson {
    private RecordJson() {}

    /**
     * {@return the JSON value of a record}
     *
     * @param system the number of its system; ignored if it has none
     */
    static Map<String, @Nullable Object> write(TestRecord record, int system) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("test", write(record.test()));
        json.put("platform", record.platform());
        json.put("attempt", record.attempt());
        json.put("last", record.last());
        json.put("cause", record.cause().name());
        json.put("outcome", record.end().outcome().name());
        put(json, "exitCode", record.end().exitCode());
        put(json, "note", record.end().note());
        json.put("systemUsable", record.end().systemUsable());
        json.put("started", record.started().toString());
        json.put("took", record.took().toString());
        if (record.system() != null) {
            json.put("system", system);
            json.put("slot", record.slot());
        }
        KnownFailure known = record.known();
        if (known != null) {
            json.put(
                    "known",
                    Map.of(
                            "test", known.test(),
                            "owner", known.owner(),
                            "until", known.until().toString(),
                            "reason", known.reason()));
        }
        return json;
    }

    static Map<String, @Nullable Object> write(SystemInfo system) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", system.name());
        json.put("provisioner", system.provisioner());
        json.put("host", system.host());
        json.put("labels", system.labels());
        return json;
    }

    static Map<String, @Nullable Object> write(PlainTest test) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", test.name());
        if (test.priority() != 0) {
            json.put("priority", test.priority());
        }
        put(json, "expected", test.expected());
        put(json, "limit", test.limit());
        if (test.destructive()) {
            json.put("destructive", true);
        }
        if (!test.tags().isEmpty()) {
            json.put("tags", test.tags().stream().sorted().toList());
        }
        if (!test.components().isEmpty()) {
            json.put("components", test.components().stream().sorted().toList());
        }
        put(json, "group", test.group());
        TestSource source = test.source();
        if (source != null) {
            json.put("file", source.file());
            json.put("line", source.line());
        }
        return json;
    }

    private static void put(Map<String, @Nullable Object> json, String key, @Nullable Object value) {
        if (value != null) {
            json.put(key, value instanceof Duration duration ? duration.toString() : value);
        }
    }

    /**
     * {@return the record in a JSON object}
     *
     * @param systems the systems by their numbers
     * @param tests tests by their names; the record refers to them if they are equal to its own
     * @throws IllegalArgumentException if a value is missing or invalid
     */
    static TestRecord read(Map<?, ?> json, Map<Integer, SystemInfo> systems, Map<String, PlainTest> tests) {
        Integer exitCode = json.get("exitCode") == null ? null : number(json, "exitCode");
        TestEnd end = new TestEnd(
                Outcome.valueOf(text(json, "outcome")),
                exitCode,
                textIfAny(json, "note"),
                Boolean.TRUE.equals(json.get("systemUsable")));
        SystemInfo system = json.get("system") == null ? null : system(json, systems);
        Map<?, ?> known = object(json, "known");
        PlainTest own = test(present(object(json, "test"), "test"));
        PlainTest shared = tests.getOrDefault(own.name(), own);
        return TestRecord.of(text(json, "platform"), shared.equals(own) ? shared : own, end)
                .withAttempt(number(json, "attempt"), Boolean.TRUE.equals(json.get("last")))
                .withCause(AttemptCause.valueOf(text(json, "cause")))
                .withTimes(Instant.parse(text(json, "started")), Duration.parse(text(json, "took")))
                .withSystem(system, system == null ? 0 : number(json, "slot"))
                .withKnown(known == null ? null : known(known));
    }

    static PlainTest test(Map<?, ?> json) {
        String file = textIfAny(json, "file");
        PlainTest test = TestCase.named(text(json, "name"))
                .withPriority(json.get("priority") == null ? 0 : number(json, "priority"))
                .withExpected(duration(json, "expected"))
                .withLimit(duration(json, "limit"))
                .withDestructive(Boolean.TRUE.equals(json.get("destructive")))
                .withTags(texts(json, "tags"))
                .withComponents(texts(json, "components"))
                .withGroup(textIfAny(json, "group"));
        return file == null ? test : test.withSource(new TestSource(file, number(json, "line")));
    }

    private static SystemInfo system(Map<?, ?> record, Map<Integer, SystemInfo> systems) {
        int number = number(record, "system");
        SystemInfo system = systems.get(number);
        if (system == null) {
            throw new IllegalArgumentException("the system " + number + " is missing");
        }
        return system;
    }

    static SystemInfo system(Map<?, ?> json) {
        Map<String, String> labels = new LinkedHashMap<>();
        Map<?, ?> all = object(json, "labels");
        if (all != null) {
            all.forEach((key, value) -> labels.put(String.valueOf(key), String.valueOf(value)));
        }
        return new SystemInfo(text(json, "name"), text(json, "provisioner"), text(json, "host"), labels);
    }

    private static KnownFailure known(Map<?, ?> json) {
        return KnownFailure.of(
                text(json, "test"), text(json, "owner"), LocalDate.parse(text(json, "until")), text(json, "reason"));
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
        Object value = json.get(key);
        if (value != null && !(value instanceof String)) {
            throw new IllegalArgumentException("the value of '" + key + "' is not a string");
        }
        return (String) value;
    }

    static Set<String> texts(Map<?, ?> json, String key) {
        List<String> texts = new ArrayList<>();
        if (json.get(key) instanceof List<?> list) {
            list.forEach(value -> texts.add(String.valueOf(value)));
        }
        return Set.copyOf(texts);
    }

    private static @Nullable Duration duration(Map<?, ?> json, String key) {
        String text = textIfAny(json, key);
        return text == null ? null : Duration.parse(text);
    }

    static int number(Map<?, ?> json, String key) {
        if (!(json.get(key) instanceof Number number) || number.longValue() != number.intValue()) {
            throw new IllegalArgumentException("the value of '" + key + "' is not a number of 32 bits");
        }
        return number.intValue();
    }

    static @Nullable Map<?, ?> object(Map<?, ?> json, String key) {
        Object value = json.get(key);
        if (value != null && !(value instanceof Map)) {
            throw new IllegalArgumentException("the value of '" + key + "' is not an object");
        }
        return (Map<?, ?>) value;
    }
}
