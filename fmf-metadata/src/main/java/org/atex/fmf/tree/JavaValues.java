package org.atex.fmf.tree;

import java.math.BigInteger;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** DeepCopier values of a program and converts them to the types of this package, see {@link Values}. */
final class JavaValues {
    private int depth;

    private JavaValues() {}

    static Mapping mapping(Map<?, ? extends @Nullable Object> map) {
        return (Mapping) Objects.requireNonNull(value(map));
    }

    static @Nullable Object value(@Nullable Object value) {
        return new JavaValues().convert(value);
    }

    private @Nullable Object convert(@Nullable Object value) {
        if (++depth > Limits.VALUE_DEPTH) {
            throw Limits.exceeded("The nesting of collections", Limits.VALUE_DEPTH);
        }
        var converted = switch (value) {
            case Integer number -> (Long) number.longValue();
            case Short number -> (Long) number.longValue();
            case Byte number -> (Long) number.longValue();
            case Float number -> (Double) number.doubleValue();
            case BigInteger number -> Values.integer(number);
            case Sequence sequence when sequence.isTuple() -> sequence;
            case List<?> list -> items(list);
            case Map<?, ?> map -> entries(map);
            case null -> null;
            case String text -> text;
            case Boolean bool -> bool;
            case Long number -> number;
            case Double number -> number;
            case LocalDate date -> date;
            case LocalDateTime time -> time;
            case FmfBinary bytes -> bytes;
            case Set<?> set -> Set.copyOf(set);
            default ->
                throw new FmfException(
                        Kind.INVALID_VALUE,
                        "Metadata cannot contain " + value.getClass().getName() + ": use text, numbers, lists, maps");
        };
        depth--;
        return converted;
    }

    private Sequence items(List<? extends @Nullable Object> list) {
        var items = new ArrayList<@Nullable Object>();
        for (var item : list) {
            items.add(convert(item));
        }
        return Sequence.of(items);
    }

    private Mapping entries(Map<? extends @Nullable Object, ? extends @Nullable Object> map) {
        var mapping = new Mapping(map.size());
        for (var entry : map.entrySet()) {
            mapping.store(convert(entry.getKey()), convert(entry.getValue()));
        }
        return mapping;
    }
}
