package org.atex.artifacts;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.sym.PropertyNameMatcher;
import tools.jackson.core.util.Named;

/**
 * The values of a JSON object with known keys. Journals have hundreds of thousands of lines: this needs less time and
 * memory than a map. Not thread-safe.
 *
 * @param <K> the keys
 */
final class JsonFields<K extends Enum<K>> {
    /** What {@link Keys#next} returns at the end of an object. */
    static final int END = PropertyNameMatcher.MATCH_END_OBJECT;

    private static final JsonFactory JSON = new JsonFactory();

    /**
     * The known keys. Immutable.
     *
     * @param <K> the type of the keys, at most 32
     */
    static final class Keys<K extends Enum<K>> {
        private final int count;
        private final PropertyNameMatcher matcher;
        private final Map<String, Integer> indexes;

        private Keys(K[] constants) {
            // Without lambdas, whose first use in a program takes longer than reading a small journal.
            List<Named> names = new ArrayList<>();
            Map<String, Integer> byName = new HashMap<>();
            for (K constant : constants) {
                byName.put(constant.toString(), names.size());
                names.add(Named.fromString(constant.toString()));
            }
            count = names.size();
            indexes = Map.copyOf(byName);
            matcher = JSON.constructNameMatcher(names, true);
        }

        /** {@return keys of which each has the string of its constant} */
        static <K extends Enum<K>> Keys<K> of(K[] constants) {
            return new Keys<>(constants);
        }

        /** {@return the ordinal of the next key, which becomes the current token; less than 0 if it is unknown, or {@link #END}} */
        int next(JsonParser parser) {
            return parser.nextNameMatch(matcher);
        }

        /** {@return the values in a JSON object} Unknown keys are ignored. */
        JsonFields<K> of(Map<?, ?> json) {
            JsonFields<K> fields = new JsonFields<>(this);
            json.forEach((name, value) -> {
                Integer key = indexes.get(String.valueOf(name));
                if (key != null) {
                    fields.set(key, value);
                }
            });
            return fields;
        }

        /** Reads the object at the current token. Unknown keys are ignored. */
        JsonFields<K> read(JsonParser parser) {
            JsonFields<K> fields = new JsonFields<>(this);
            for (int key = next(parser); key != END; key = next(parser)) {
                parser.nextToken();
                if (key >= 0) {
                    fields.set(key, JsonValues.read(parser));
                } else {
                    parser.skipChildren();
                }
            }
            return fields;
        }
    }

    /** JSON values; null, or missing, for the default. */
    private final @Nullable Object[] values;
    /** The keys with a value, which may be null, as bits. */
    private int present;

    /** Creates an object without values. */
    JsonFields(Keys<K> keys) {
        values = new @Nullable Object[keys.count];
    }

    private void set(int key, @Nullable Object value) {
        values[key] = value;
        present |= 1 << key;
    }

    @SuppressWarnings("EnumOrdinal") // as in an EnumMap, only within this object
    private int index(K key) {
        return key.ordinal();
    }

    void set(K key, @Nullable Object value) {
        set(index(key), value);
    }

    /** Takes the values that a later object has. */
    void take(JsonFields<K> later) {
        for (int key = 0; key < values.length; key++) {
            if ((later.present & 1 << key) != 0) {
                set(key, later.values[key]);
            }
        }
    }

    @Nullable
    Object get(K key) {
        return values[index(key)];
    }

    boolean has(K key) {
        return get(key) != null;
    }

    /**
     * {@return the text of a key; null if there is none}
     *
     * @throws IllegalArgumentException if the value is not a string
     */
    @Nullable
    String text(K key) {
        return RecordJson.textIfAny(key.toString(), get(key));
    }

    /**
     * {@return the text of a key}
     *
     * @throws IllegalArgumentException if it is missing, or not a string
     */
    String presentText(K key) {
        return RecordJson.present(text(key), key.toString());
    }

    /**
     * {@return the number of a key}
     *
     * @param otherwise the number if there is none
     * @throws IllegalArgumentException if the value is not a number
     */
    int number(K key, int otherwise) {
        Object value = get(key);
        return value == null ? otherwise : RecordJson.number(key.toString(), value);
    }
}
