package org.atex.fmf.tree;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the entries of one mapping. */
final class YamlMapping {
    private final YamlReader reader;
    private final Mapping own = new Mapping();
    private @Nullable List<Mapping> merged;

    YamlMapping(YamlReader reader) {
        this.reader = reader;
    }

    /**
     * Reads them.
     *
     * @param line where they begin
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
        // A value that stands for a mapping, once, and not allowed elsewhere; as a key the reference takes it for text.
        var equals = event.plain() && event.value().equals("=");
        var key = equals ? "=" : key(reader.value(event));
        if (own.containsKey(key)) {
            throw reader.bad("the key \"" + PyText.str(key) + "\" is there twice in one mapping");
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
            throw reader.bad("the merge key \"<<\" is there twice in one mapping");
        }
        var sources = new ArrayList<Mapping>();
        for (var source : value instanceof Sequence list ? list : Collections.singletonList(value)) {
            if (!(source instanceof Mapping mapping)) {
                throw reader.bad(
                        "the merge key \"<<\" wants a mapping or a list of them, found " + Values.typeOf(source));
            }
            sources.add(mapping);
        }
        merged = sources;
    }

    /** Later ones first, so that earlier ones win; own keys win over all. */
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
