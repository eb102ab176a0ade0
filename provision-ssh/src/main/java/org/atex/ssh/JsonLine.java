package org.atex.ssh;

import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * A JSON object in one line, with all values as text: {@code 4} and {@code "4"} are equal, a key with the value null is
 * left out, and other nested objects and arrays stay JSON text.
 *
 * @param values the values by key, without {@code arguments}
 * @param arguments the values of the nested object {@code arguments} by key
 */
record JsonLine(Map<String, String> values, Map<String, String> arguments) {
    /**
     * Duplicate keys are refused: readers of JSON disagree on the one that counts. The nesting limit bounds the stack.
     */
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(32).build())
            .build();

    /**
     * {@return the object in a line}
     *
     * @throws IllegalArgumentException if the line is not one JSON object; the message does not quote the line, as it
     *     can contain secrets
     */
    static JsonLine read(String line) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
            Map<String, String> arguments = new LinkedHashMap<>();
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("not a JSON object; expected " + HostLine.FORM);
            }
            Map<String, String> values = new LinkedHashMap<>();
            for (String key = parser.nextName(); key != null; key = parser.nextName()) {
                if (parser.nextToken() == JsonToken.START_OBJECT && key.equals("arguments")) {
                    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                        parser.nextToken();
                        put(arguments, name, parser);
                    }
                } else {
                    put(values, key, parser);
                }
            }
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("text after the JSON object; expected one object per line");
            }
            return new JsonLine(values, arguments);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    "not a JSON object: " + e.getOriginalMessage() + "; expected " + HostLine.FORM, e);
        }
    }

    /** Adds the current value of the parser, and leaves the parser at the end of the value. */
    private static void put(Map<String, String> values, String key, JsonParser parser) {
        JsonToken token = parser.currentToken();
        if (token.isStructStart()) {
            StringWriter text = new StringWriter();
            try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
                json.copyCurrentStructure(parser);
            }
            values.put(key, text.toString());
        } else if (token != JsonToken.VALUE_NULL) {
            values.put(key, parser.getString());
        }
    }
}
