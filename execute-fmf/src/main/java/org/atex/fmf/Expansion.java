package org.atex.fmf;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfContext;
import org.jspecify.annotations.Nullable;

/**
 * Replaces {@code $NAME} and {@code ${NAME}} by variables, and {@code $@NAME} by dimensions of a context. A name
 * without a value stays as it is: the variables of a system are added later. Immutable.
 */
final class Expansion {
    private static final Pattern VARIABLE = Pattern.compile("\\$(@?)(?:([A-Za-z0-9_]+)|\\{([^}]*)\\})");

    private final Map<String, String> variables;
    private final FmfContext context;

    Expansion(Map<String, String> variables, FmfContext context) {
        this.variables = variables;
        this.context = context;
    }

    /** {@return the text with values in place of names} */
    String of(String text) {
        if (text.indexOf('$') < 0) {
            return text;
        }
        Matcher variable = VARIABLE.matcher(text);
        return variable.replaceAll(match -> {
            String name = match.group(2) == null ? match.group(3) : match.group(2);
            String value = match.group(1).isEmpty() ? variables.get(name) : dimension(name);
            return Matcher.quoteReplacement(value == null ? match.group() : value);
        });
    }

    private @Nullable String dimension(String name) {
        List<String> values = context.dimensions().get(name);
        return values == null ? null : String.join(",", values);
    }

    /** {@return a copy of a map with expanded values} */
    Map<String, String> of(Map<String, String> texts) {
        Map<String, String> expanded = new LinkedHashMap<>();
        texts.forEach((name, value) -> expanded.put(name, of(value)));
        return expanded;
    }

    /** {@return a copy of metadata in which all texts except keys are expanded; unmodifiable} */
    @Nullable
    Object inside(@Nullable Object value) {
        return inside(value, this::of);
    }

    private static @Nullable Object inside(@Nullable Object value, UnaryOperator<String> text) {
        return switch (value) {
            case String word -> text.apply(word);
            case List<?> list -> {
                List<@Nullable Object> items = new ArrayList<>();
                list.forEach(item -> items.add(inside(item, text)));
                yield Collections.unmodifiableList(items);
            }
            case Map<?, ?> map -> {
                Map<@Nullable Object, @Nullable Object> entries = new LinkedHashMap<>();
                map.forEach((key, item) -> entries.put(key, inside(item, text)));
                yield Collections.unmodifiableMap(entries);
            }
            case null, default -> value;
        };
    }
}
