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
 * An object of JSON whose values are all text: {@code 4} and {@code "4"} are the same, a null is as good as a key left out,
 * and what is nested deeper than the arguments stays JSON.
 *
 * @param values its values by key
 * @param arguments those of the object in it that is called {@code arguments}
 */
record JsonLine(Map<String, String> values, Map<String, String> arguments) {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(32).build())
            .build();

    /**
     * {@return what a line says}
     *
     * @throws IllegalArgumentException if it is not one object; the message does not quote it, as there may be secrets in it
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
                throw new IllegalArgumentException("something follows the JSON object; expected one a line");
            }
            return new JsonLine(values, arguments);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    "not a JSON object: " + e.getOriginalMessage() + "; expected " + HostLine.FORM, e);
        }
    }

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
