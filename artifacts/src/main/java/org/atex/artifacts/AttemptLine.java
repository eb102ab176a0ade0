package org.atex.artifacts;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * A line of a journal about an attempt. The format is described by {@link Spool}. Immutable but for the record.
 *
 * @param attempt the number of the attempt
 * @param state how far it is
 * @param artifacts whether it has artifacts; null if an earlier line tells
 * @param storedBy the aggregators that have stored it; none if an earlier line tells, or none has
 * @param record the values of its record; null if they have not changed
 */
record AttemptLine(
        long attempt,
        SpooledAttempt.State state,
        @Nullable Boolean artifacts,
        Set<String> storedBy,
        @Nullable RecordFields record) {
    /** The first key of a line. */
    static final String ATTEMPT = "attempt";

    private enum Key {
        STATE("state"),
        ARTIFACTS("artifacts"),
        STORED_BY("storedBy"),
        RECORD("record");

        private static final Key[] ALL = values();
        private static final JsonFields.Keys<Key> KEYS = JsonFields.Keys.of(ALL);

        private final String text;

        Key(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * Writes the line.
     *
     * @param before the values of the record that the journal has; null if there are none
     */
    void write(JsonGenerator json, @Nullable RecordFields before) {
        json.writeStartObject();
        json.writeNumberProperty(ATTEMPT, attempt);
        json.writeStringProperty(Key.STATE.text, state.name());
        if (artifacts != null) {
            json.writeBooleanProperty(Key.ARTIFACTS.text, artifacts);
        }
        if (!storedBy.isEmpty()) {
            json.writeName(Key.STORED_BY.text);
            JsonValues.write(json, storedBy.stream().sorted().toList());
        }
        if (record != null) {
            json.writeName(Key.RECORD.text);
            record.write(json, before);
        }
        json.writeEndObject();
    }

    /**
     * {@return the line whose first key, {@link #ATTEMPT}, is the current token} Afterwards the current token is the end of
     * its object.
     *
     * @throws IllegalArgumentException if a value is missing or invalid
     */
    static AttemptLine read(JsonParser parser) {
        parser.nextToken();
        int attempt = RecordJson.number(ATTEMPT, JsonValues.read(parser));
        String state = null;
        Boolean artifacts = null;
        Set<String> storedBy = Set.of();
        RecordFields record = null;
        for (int key = Key.KEYS.next(parser); key != JsonFields.END; key = Key.KEYS.next(parser)) {
            JsonToken token = parser.nextToken();
            if (key < 0) {
                parser.skipChildren(); // of a later version
                continue;
            }
            switch (Key.ALL[key]) {
                case STATE -> state = RecordJson.textIfAny(Key.STATE.text, JsonValues.read(parser));
                case ARTIFACTS -> artifacts = token == JsonToken.VALUE_TRUE;
                case STORED_BY -> storedBy = RecordJson.texts(JsonValues.read(parser));
                case RECORD ->
                    record = token == JsonToken.START_OBJECT
                            ? RecordFields.read(parser)
                            : record(JsonValues.read(parser));
            }
        }
        return new AttemptLine(attempt, state(state), artifacts, storedBy, record);
    }

    /**
     * {@return the line in a JSON object}
     *
     * @throws IllegalArgumentException if a value is missing or invalid
     */
    static AttemptLine of(Map<?, ?> json) {
        return new AttemptLine(
                RecordJson.number(json, ATTEMPT),
                state(RecordJson.text(json, Key.STATE.text)),
                json.containsKey(Key.ARTIFACTS.text) ? Boolean.TRUE.equals(json.get(Key.ARTIFACTS.text)) : null,
                RecordJson.texts(json.get(Key.STORED_BY.text)),
                record(json.get(Key.RECORD.text)));
    }

    private static @Nullable RecordFields record(@Nullable Object json) {
        Map<?, ?> object = RecordJson.objectIfAny(Key.RECORD.text, json);
        return object == null ? null : RecordFields.of(object);
    }

    private static SpooledAttempt.State state(@Nullable String name) {
        try {
            return SpooledAttempt.State.valueOf(RecordJson.present(name, Key.STATE.text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("its state is unknown: " + name, e);
        }
    }
}
