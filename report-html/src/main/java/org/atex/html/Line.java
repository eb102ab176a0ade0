package org.atex.html;

import java.io.StringWriter;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.SerializableString;
import tools.jackson.core.io.CharacterEscapes;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * Makes a JSON object in one line of ASCII characters, without {@code <}, {@code >} and {@code &}: as a part of a page it
 * cannot end the element that contains it, with any text of a test. Not thread-safe.
 */
final class Line {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .characterEscapes(new MarkupEscapes())
            .build();

    private final StringWriter text = new StringWriter();
    private final JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text);

    private Line() {
        json.writeStartObject();
    }

    /** {@return an object without keys} */
    static Line empty() {
        return new Line();
    }

    /** {@return an object of a kind, for the journal} */
    static Line of(EntryKind kind) {
        return new Line().put(EntryKind.KEY, kind.letters);
    }

    /** Adds a text, unless it is null or empty. */
    Line put(String key, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            json.writeStringProperty(key, value);
        }
        return this;
    }

    Line put(String key, long value) {
        json.writeNumberProperty(key, value);
        return this;
    }

    /** Adds a mark, if it is set. */
    Line mark(String key, boolean isSet) {
        return isSet ? put(key, 1) : this;
    }

    /** Adds a list of texts, unless it is empty. */
    Line put(String key, Collection<String> values) {
        if (!values.isEmpty()) {
            json.writeArrayPropertyStart(key);
            values.forEach(json::writeString);
            json.writeEndArray();
        }
        return this;
    }

    /** Adds a list of objects, unless it is empty. */
    Line putObjects(String key, Collection<String> objects) {
        if (!objects.isEmpty()) {
            json.writeName(key);
            json.writeRawValue("[" + String.join(",", objects) + "]");
        }
        return this;
    }

    /** Adds a map, in the order of its keys, unless it is empty. Values are texts and numbers. */
    Line put(String key, Map<String, ?> values) {
        if (!values.isEmpty()) {
            json.writeObjectPropertyStart(key);
            new TreeMap<String, Object>(values).forEach((name, value) -> {
                if (value instanceof Integer number) {
                    json.writeNumberProperty(name, number);
                } else {
                    json.writeStringProperty(name, String.valueOf(value));
                }
            });
            json.writeEndObject();
        }
        return this;
    }

    /** {@return the object, without a newline} Nothing can be added afterwards. */
    String end() {
        json.writeEndObject();
        json.close();
        return text.toString();
    }

    private static final class MarkupEscapes extends CharacterEscapes {
        private static final long serialVersionUID = 1;

        @Override
        public int[] getEscapeCodesForAscii() {
            int[] codes = standardAsciiEscapesForJSON();
            for (char c : new char[] {'<', '>', '&', '\'', 0x7f}) {
                codes[c] = ESCAPE_STANDARD;
            }
            return codes;
        }

        @Override
        public @Nullable SerializableString getEscapeSequence(int c) {
            return null;
        }
    }
}
