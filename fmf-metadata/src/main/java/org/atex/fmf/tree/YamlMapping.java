package org.atex.fmf.tree;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the entries of one mapping, including the merge key {@code <<}. */
final class YamlMapping {
    private final YamlReader reader;
    private final Mapping own = new Mapping();
    private @Nullable List<Mapping> merged;

    YamlMapping(YamlReader reader) {
        this.reader = reader;
    }

    /**
     * Reads the entries up to the end of the mapping.
     *
     * @param line the line where the mapping begins, from 1
     */
    Mapping read(int line) {
        for (var event = reader.next(); event.kind() != YamlEvent.Kind.MAPPING_END; event = reader.next()) {
            if (isMergeKey(event)) {
                merge(reader.value(reader.next()));
            } else {
                entry(event);
            }
        }
        Mapping whole = merged == null ? own : flatten(merged);
        whole.setLine(line);
        return whole;
    }

    private static boolean isMergeKey(YamlEvent event) {
        return event.kind() == YamlEvent.Kind.SCALAR
                && (event.plain() ? event.value().equals("<<") : YamlReader.MERGE_TAG.equals(event.tag()));
    }

    private void entry(YamlEvent event) {
        // A plain "=" is a type of its own in YAML 1.1, and an error as a value. As a key it is text, as in Python fmf.
        var equals = event.plain() && event.value().equals("=");
        var key = equals ? "=" : key(reader.value(event));
        if (own.containsKey(key)) {
            throw reader.bad("the mapping has the key \"" + PyText.str(key) + "\" twice");
        }
        own.store(key, reader.value(reader.next()));
    }

    private @Nullable Object key(@Nullable Object key) {
        if (key instanceof Sequence sequence
                && !sequence.deep()
                && sequence.stream().allMatch(YamlMapping::plain)) {
            return Sequence.tuple(sequence);
        }
        if (!plain(key)) {
            throw reader.bad("a key cannot be " + Values.typeOf(key));
        }
        return key;
    }

    private static boolean plain(@Nullable Object item) {
        return !(item instanceof Mapping || item instanceof Iterable)
                || (item instanceof Sequence sequence && sequence.isTuple());
    }

    private void merge(@Nullable Object value) {
        if (merged != null) {
            throw reader.bad("the mapping has the merge key \"<<\" twice");
        }
        var sources = new ArrayList<Mapping>();
        for (var source : value instanceof Sequence list ? list : Collections.singletonList(value)) {
            if (!(source instanceof Mapping mapping)) {
                throw reader.bad(
                        "the merge key \"<<\" needs a mapping or a list of mappings, found " + Values.typeOf(source));
            }
            sources.add(mapping);
        }
        merged = sources;
    }

    /** Merges the sources in reverse order, so that earlier ones win, then the own entries, which win over all. */
    private Mapping flatten(List<Mapping> sources) {
        var result = new Mapping();
        for (var source : sources.reversed()) {
            for (var i = 0; i < source.size(); i++) {
                YamlReader.share(source.valueAt(i));
                result.store(source.keyAt(i), source.valueAt(i));
            }
        }
        for (var i = 0; i < own.size(); i++) {
            result.store(own.keyAt(i), own.valueAt(i));
        }
        return result;
    }
}
