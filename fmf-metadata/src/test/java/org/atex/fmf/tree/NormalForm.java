package org.atex.fmf.tree;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Converts metadata values to the JSON form in which the conformance corpus compares them. */
final class NormalForm {
    private NormalForm() {}

    static @Nullable Object form(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Double real when Double.isNaN(real) -> ".nan";
            case Double real when Double.isInfinite(real) -> real > 0 ? ".inf" : "-.inf";
            case Boolean bool -> bool;
            case Number number -> number;
            case LocalDateTime time -> PyText.str(time).replace(' ', 'T');
            case FmfBinary bytes -> Map.of("$binary", Base64.getEncoder().encodeToString(bytes.bytes()));
            case Map<?, ?> map -> {
                var forms = new LinkedHashMap<String, @Nullable Object>();
                map.forEach((key, item) -> forms.put(key(key), form(item)));
                yield forms;
            }
            case Set<?> set ->
                Map.of("$set", set.stream().map(NormalForm::form).sorted().toList());
            case List<?> items -> {
                var forms = new ArrayList<@Nullable Object>();
                items.forEach(item -> forms.add(form(item)));
                yield forms;
            }
            default -> value.toString();
        };
    }

    private static String key(@Nullable Object key) {
        return switch (key) {
            case null -> "null";
            case Double real -> String.valueOf(form(Double.isFinite(real) ? PyText.real(real) : real));
            case Boolean bool -> bool.toString();
            case List<?> items -> Json.write(form(items)).replace(",", ", ");
            default -> String.valueOf(form(key));
        };
    }
}
