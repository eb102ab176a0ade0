package org.atex.artifacts;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.atex.api.AttemptCause;
import org.atex.api.KnownFailure;
import org.atex.api.PlainTest;
import org.atex.api.SystemInfo;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;

/**
 * The values of a record in a journal, in which several lines have the values that have changed. The format is described
 * by {@link Spool}. Not thread-safe.
 */
final class RecordFields {
    /** The keys of a record, in the order in which they are written. */
    private enum Key {
        TEST,
        PLATFORM,
        ATTEMPT,
        LAST,
        CAUSE,
        OUTCOME,
        EXIT_CODE("exitCode"),
        NOTE,
        SYSTEM_USABLE("systemUsable"),
        STARTED,
        TOOK,
        SYSTEM,
        SLOT,
        KNOWN;

        private static final Key[] ALL = values();
        private static final JsonFields.Keys<Key> KEYS = JsonFields.Keys.of(ALL);

        private final String text;

        Key() {
            this.text = name().toLowerCase(Locale.ROOT);
        }

        Key(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** JSON values, or values that {@link #write} converts to them; null, or missing, for the default. */
    private final JsonFields<Key> values;

    private RecordFields(JsonFields<Key> values) {
        this.values = values;
    }

    /**
     * {@return the values of a record} Defaults are left out.
     *
     * @param system the number of its system; ignored if it has none
     * @param platform the platform of most records; null if there is none
     * @param isPlanned whether the journal has the test
     */
    static RecordFields of(TestRecord record, int system, @Nullable String platform, boolean isPlanned) {
        RecordFields fields = new RecordFields(new JsonFields<>(Key.KEYS));
        fields.put(Key.TEST, isPlanned ? record.name() : record.test(), null);
        fields.put(Key.PLATFORM, record.platform(), platform);
        fields.put(Key.ATTEMPT, record.attempt(), 1);
        fields.put(Key.LAST, record.last(), true);
        fields.put(Key.CAUSE, record.cause(), AttemptCause.FIRST);
        TestEnd end = record.end();
        if (!end.equals(SpooledAttempt.KILLED)) {
            fields.put(Key.OUTCOME, end.outcome(), null);
            fields.put(Key.EXIT_CODE, end.exitCode(), null);
            fields.put(Key.NOTE, end.note(), null);
            fields.put(Key.SYSTEM_USABLE, end.systemUsable(), true);
        }
        fields.put(Key.STARTED, record.started(), null);
        fields.put(Key.TOOK, record.took(), Duration.ZERO);
        if (record.system() != null) {
            fields.put(Key.SYSTEM, system, null);
            fields.put(Key.SLOT, record.slot(), 1);
        }
        fields.put(Key.KNOWN, record.known(), null);
        return fields;
    }

    private void put(Key key, @Nullable Object value, @Nullable Object usual) {
        if (!Objects.equals(value, usual)) {
            values.set(key, value);
        }
    }

    /**
     * Writes a JSON object with the values that have changed.
     *
     * @param before the values that the journal has; null if there are none
     */
    void write(JsonGenerator json, @Nullable RecordFields before) {
        json.writeStartObject();
        for (Key key : Key.ALL) {
            Object value = values.get(key);
            if (!Objects.equals(value, before == null ? null : before.values.get(key))) {
                json.writeName(key.text);
                if (value instanceof PlainTest test) {
                    RecordJson.write(json, test);
                } else {
                    JsonValues.write(json, json(value));
                }
            }
        }
        json.writeEndObject();
    }

    private static @Nullable Object json(@Nullable Object value) {
        return switch (value) {
            case Enum<?> constant -> constant.name();
            case Instant time -> time.toString();
            case Duration time -> time.toString();
            case KnownFailure known ->
                Map.of(
                        "test", known.test(),
                        "owner", known.owner(),
                        "until", known.until().toString(),
                        "reason", known.reason());
            case null, default -> value;
        };
    }

    /** {@return the values in a JSON object} Unknown keys are ignored. */
    static RecordFields of(Map<?, ?> json) {
        return new RecordFields(Key.KEYS.of(json));
    }

    /** Reads the object at the current token. Unknown keys are ignored. */
    static RecordFields read(JsonParser parser) {
        return new RecordFields(Key.KEYS.read(parser));
    }

    /** Takes the values that a later line has. */
    void take(RecordFields later) {
        values.take(later.values);
    }

    private boolean isTrue(Key key) {
        return !Boolean.FALSE.equals(values.get(key));
    }

    /** {@return the number of the attempt} */
    int attempt() {
        return values.number(Key.ATTEMPT, 1);
    }

    /** {@return the name of the test} */
    String nameOfTest() {
        Object test = values.get(Key.TEST);
        if (test instanceof String name) {
            return name;
        }
        if (test instanceof Map<?, ?> json) {
            return RecordJson.text(json, "name");
        }
        throw new IllegalArgumentException("the key 'test' is missing");
    }

    /**
     * {@return the record}
     *
     * @param systems the systems by their numbers
     * @param usual the platform of a record that names none; null if each record must name its own
     * @param tests the tests of the run; the record refers to them if it has only a name, or an equal test
     * @param shared replaces equal values by one of them
     * @throws IllegalArgumentException if a value is missing or invalid
     */
    TestRecord record(Map<Integer, SystemInfo> systems, @Nullable String usual, PlannedTests tests, Shared shared) {
        String platform = values.text(Key.PLATFORM);
        String took = values.text(Key.TOOK);
        TestRecord record = TestRecord.of(
                        platform == null ? RecordJson.present(usual, Key.PLATFORM.text) : platform,
                        plain(tests, shared),
                        end(shared))
                .withTimes(
                        shared.times().instant(values.presentText(Key.STARTED)),
                        took == null ? Duration.ZERO : Times.duration(took));
        if (attempt() != 1 || !isTrue(Key.LAST)) {
            record = record.withAttempt(attempt(), isTrue(Key.LAST));
        }
        String cause = values.text(Key.CAUSE);
        if (cause != null) {
            record = record.withCause(AttemptCause.valueOf(cause));
        }
        if (values.get(Key.SYSTEM) != null) {
            int system = values.number(Key.SYSTEM, 0);
            SystemInfo where = systems.get(system);
            if (where == null) {
                throw new IllegalArgumentException("the system " + system + " is missing");
            }
            record = record.withSystem(where, values.number(Key.SLOT, 1));
        }
        return values.get(Key.KNOWN) instanceof Map<?, ?> known ? record.withKnown(knownFailure(known)) : record;
    }

    private TestEnd end(Shared shared) {
        String outcome = values.text(Key.OUTCOME);
        return outcome == null
                ? SpooledAttempt.KILLED
                : shared.end(
                        outcome,
                        values.get(Key.EXIT_CODE) == null ? null : values.number(Key.EXIT_CODE, 0),
                        values.text(Key.NOTE),
                        isTrue(Key.SYSTEM_USABLE));
    }

    private PlainTest plain(PlannedTests tests, Shared shared) {
        PlainTest planned = tests.named(nameOfTest());
        if (values.get(Key.TEST) instanceof Map<?, ?> json) {
            PlainTest own = RecordJson.test(json, shared);
            return planned != null && own.equals(planned) ? planned : own;
        }
        if (planned == null) {
            throw new IllegalArgumentException("the test " + values.get(Key.TEST) + " is missing");
        }
        return planned;
    }

    private static KnownFailure knownFailure(Map<?, ?> json) {
        return KnownFailure.of(
                RecordJson.text(json, "test"),
                RecordJson.text(json, "owner"),
                LocalDate.parse(RecordJson.text(json, "until")),
                RecordJson.text(json, "reason"));
    }
}
