package org.atex.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * A value in a JSON file, with its place. Immutable.
 *
 * @param value a {@code Map} or {@code List} of items, a String, Number or Boolean, or null
 * @param place the place of the value
 * @param keyPlace the place of its key in an object; otherwise that of the value
 */
record JsonItem(@Nullable Object value, Place place, Place keyPlace) {
    private static final long MAX_BYTES = 1024 * 1024;

    private static final JsonFactory JSON = JsonFactory.builder()
            // Without this, the last of several values would win silently.
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // The documentation of pytest-orchestration explains the keys in comments.
            .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
            // So does pytest-orchestration.
            .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
            .build();

    /** A location in messages of Jackson, which does not name the file. */
    private static final Pattern START_MARKER = Pattern.compile(" \\(start marker at .*?\\]\\)", Pattern.DOTALL);

    /**
     * A place in a file.
     *
     * @param line the line, from 1
     * @param column the column, from 1
     */
    record Place(int line, int column) {
        static final Place START = new Place(1, 1);

        private static Place of(TokenStreamLocation location) {
            return new Place(Math.max(1, location.getLineNr()), Math.max(1, location.getColumnNr()));
        }
    }

    /**
     * Reads a file, which contains one value.
     *
     * @throws IOException if the file cannot be read
     * @throws ScenarioFormatException if it is not JSON, or too large
     */
    static JsonItem read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_BYTES) {
            throw new ScenarioFormatException(
                    file, Place.START, "", "it has " + size + " bytes; " + MAX_BYTES + " are allowed", null);
        }
        byte[] bytes = Files.readAllBytes(file);
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), bytes)) {
            if (parser.nextToken() == null) {
                throw new ScenarioFormatException(file, Place.START, "", "it is empty", null);
            }
            JsonItem item = item(parser, Place.of(parser.currentTokenLocation()));
            if (parser.nextToken() != null) {
                throw new ScenarioFormatException(
                        file,
                        Place.of(parser.currentTokenLocation()),
                        "",
                        "more data follow the description; a file describes one scenario",
                        null);
            }
            return item;
        } catch (JacksonException e) {
            TokenStreamLocation location = e.getLocation();
            throw new ScenarioFormatException(
                    file,
                    location == null ? Place.START : Place.of(location),
                    "",
                    "it is not valid JSON: "
                            + Words.line(
                                    START_MARKER.matcher(e.getOriginalMessage()).replaceAll("")),
                    e);
        }
    }

    private static JsonItem item(JsonParser parser, Place keyPlace) {
        Place place = Place.of(parser.currentTokenLocation());
        Object value = switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
        return new JsonItem(value, place, keyPlace);
    }

    private static Map<String, JsonItem> object(JsonParser parser) {
        Map<String, JsonItem> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            Place keyPlace = Place.of(parser.currentTokenLocation());
            parser.nextToken();
            object.put(key, item(parser, keyPlace));
        }
        return object;
    }

    private static List<JsonItem> array(JsonParser parser) {
        List<JsonItem> array = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            array.add(item(parser, Place.of(parser.currentTokenLocation())));
        }
        return array;
    }

    /** {@return the value without places: unmodifiable maps and lists, String, Integer, Long, BigInteger, Double …} */
    @Nullable
    Object plain() {
        return switch (value) {
            case Map<?, ?> map -> {
                Map<String, @Nullable Object> plain = new LinkedHashMap<>();
                map.forEach((key, item) -> plain.put((String) key, ((JsonItem) item).plain()));
                yield Collections.unmodifiableMap(plain);
            }
            case List<?> list -> {
                List<@Nullable Object> plain = new ArrayList<>();
                list.forEach(item -> plain.add(((JsonItem) item).plain()));
                yield Collections.unmodifiableList(plain);
            }
            case null -> null;
            default -> value;
        };
    }

    /** {@return the type of the value, for messages} */
    String type() {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> map -> "an object";
            case List<?> list -> "a list";
            case String string -> "a string";
            case Boolean bool -> "a boolean";
            default -> "a number";
        };
    }
}
