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

    private static final String STATE = "state";
    private static final String ARTIFACTS = "artifacts";
    private static final String STORED_BY = "storedBy";
    private static final String RECORD = "record";

    /**
     * Writes the line.
     *
     * @param before the values of the record that the journal has; null if there are none
     */
    void write(JsonGenerator json, @Nullable RecordFields before) {
        json.writeStartObject();
        json.writeNumberProperty(ATTEMPT, attempt);
        json.writeStringProperty(STATE, state.name());
        if (artifacts != null) {
            json.writeBooleanProperty(ARTIFACTS, artifacts);
        }
        if (!storedBy.isEmpty()) {
            json.writeName(STORED_BY);
            JsonValues.write(json, storedBy.stream().sorted().toList());
        }
        if (record != null) {
            json.writeName(RECORD);
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
        for (String key = parser.nextName(); key != null; key = parser.nextName()) {
            JsonToken token = parser.nextToken();
            if (key.equals(RECORD) && token == JsonToken.START_OBJECT) {
                record = RecordFields.read(parser);
                continue;
            }
            Object value = JsonValues.read(parser);
            switch (key) {
                case STATE -> state = RecordJson.textIfAny(key, value);
                case ARTIFACTS -> artifacts = Boolean.TRUE.equals(value);
                case STORED_BY -> storedBy = RecordJson.texts(value);
                case RECORD -> record = record(value);
                default -> {} // of a later version
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
                state(RecordJson.text(json, STATE)),
                json.containsKey(ARTIFACTS) ? Boolean.TRUE.equals(json.get(ARTIFACTS)) : null,
                RecordJson.texts(json.get(STORED_BY)),
                record(json.get(RECORD)));
    }

    private static @Nullable RecordFields record(@Nullable Object json) {
        Map<?, ?> object = RecordJson.objectIfAny(RECORD, json);
        return object == null ? null : RecordFields.of(object);
    }

    private static SpooledAttempt.State state(@Nullable String name) {
        try {
            return SpooledAttempt.State.valueOf(RecordJson.present(name, STATE));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("its state is unknown: " + name, e);
        }
    }
}
