package org.atex.ctrf;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.JsonFactory;

/** Writes JSON. */
final class Json {
    private static final JsonFactory JSON =
            JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();
    private static final Pattern UNPAIRED_SURROGATE = Pattern.compile("\\p{Cs}");

    private Json() {}

    /** Content of a document. */
    @FunctionalInterface
    interface Content {
        void writeTo(JsonGenerator json) throws IOException;
    }

    /** Writes an object, whose first byte is the opening and whose last byte the closing brace. */
    static void object(OutputStream out, Content content) throws IOException {
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            content.writeTo(json);
            json.writeEndObject();
        } catch (JacksonIOException e) {
            throw e.getCause();
        }
    }

    static void text(JsonGenerator json, String name, @Nullable String value) {
        if (value != null) {
            json.writeStringProperty(name, wellFormed(value));
        }
    }

    /** Writes an array of strings; nothing if there are none. */
    static void texts(JsonGenerator json, String name, Collection<String> values) {
        if (!values.isEmpty()) {
            json.writeArrayPropertyStart(name);
            values.forEach(value -> json.writeString(wellFormed(value)));
            json.writeEndArray();
        }
    }

    // In a regular expression, a pair of surrogates is one character, which is not of this category.
    private static String wellFormed(String text) {
        return UNPAIRED_SURROGATE.matcher(text).replaceAll("\ufffd");
    }
}
