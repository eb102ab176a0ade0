package org.atex.artifacts;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Converts JSON values to plain Java values (null, Boolean, Number, String, List and Map) and back. */
final class JsonValues {
    private JsonValues() {}

    /** Reads the value at the current token. Afterwards the current token is the last one of the value. */
    static @Nullable Object read(JsonParser parser) {
        JsonToken token = parser.currentToken();
        return switch (token) {
            case VALUE_NULL -> null;
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> parser.getNumberValue();
            // Not a double: all digits of the number are kept.
            case VALUE_NUMBER_FLOAT -> parser.getDecimalValue();
            case START_ARRAY -> list(parser);
            case START_OBJECT -> map(parser, parser.nextName());
            default -> throw new IllegalStateException("a JSON value cannot start with " + token);
        };
    }

    private static List<@Nullable Object> list(JsonParser parser) {
        List<@Nullable Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            list.add(read(parser));
        }
        return list;
    }

    /**
     * Reads an object whose first key is the current token.
     *
     * @param first the key; null for an empty object
     */
    static Map<String, @Nullable Object> map(JsonParser parser, @Nullable String first) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (String key = first; key != null; key = parser.nextName()) {
            parser.nextToken();
            map.put(key, read(parser));
        }
        return map;
    }

    static void write(JsonGenerator json, @Nullable Object value) {
        switch (value) {
            case null -> json.writeNull();
            case String string -> json.writeString(wellFormed(string));
            case Boolean bool -> json.writeBoolean(bool);
            case Number number -> writeNumber(json, number);
            case List<?> list -> writeList(json, list);
            case Map<?, ?> map -> writeMap(json, map);
            default ->
                throw new IllegalArgumentException("a result can have null, Boolean, Number, String, List and Map, not "
                        + value.getClass().getName());
        }
    }

    private static void writeNumber(JsonGenerator json, Number number) {
        switch (number) {
            case Byte small -> json.writeNumber(small.longValue());
            case Short small -> json.writeNumber(small.longValue());
            case Integer small -> json.writeNumber(small.longValue());
            case Long big -> json.writeNumber(big);
            case BigInteger big -> json.writeNumber(big);
            case BigDecimal exact -> json.writeNumber(exact);
            default -> writeDouble(json, number.doubleValue());
        }
    }

    private static void writeDouble(JsonGenerator json, double number) {
        if (!Double.isFinite(number)) {
            throw new IllegalArgumentException("a result cannot have the number " + number + ", which JSON lacks");
        }
        json.writeNumber(number);
    }

    private static void writeList(JsonGenerator json, List<?> list) {
        json.writeStartArray();
        for (Object value : list) {
            write(json, value);
        }
        json.writeEndArray();
    }

    private static void writeMap(JsonGenerator json, Map<?, ?> map) {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            json.writeName(wellFormed(String.valueOf(entry.getKey())));
            write(json, entry.getValue());
        }
        json.writeEndObject();
    }

    /** {@return the text with unpaired surrogates, which UTF-8 cannot encode, replaced by U+FFFD} */
    static String wellFormed(String string) {
        for (int i = 0; i < string.length(); i++) {
            if (Character.isSurrogate(string.charAt(i))) {
                return string.codePoints()
                        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
            }
        }
        return string;
    }
}
