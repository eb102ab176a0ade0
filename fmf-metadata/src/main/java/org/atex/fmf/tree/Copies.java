package org.atex.fmf.tree;

import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Deep copies that keep sharing: what was one mapping in the original is one mapping in the copy.
 *
 * <p>Only mappings are ever changed in place, so scalars and lists of scalars are not copied at all.
 */
final class Copies {
    private final Limits.Work work;
    private final boolean traced;
    private @Nullable IdentityHashMap<Object, Object> known;

    private Copies(Limits.Work work, boolean traced) {
        this.work = work;
        this.traced = traced;
    }

    /** {@return a copy for another node, that settling may replace by the original if it is traced} */
    static Mapping of(Mapping original, Limits.Work work, boolean traced) {
        return new Copies(work, traced).mapping(original);
    }

    /** {@return a copy for another place in the same node, that has to stay one} */
    static Mapping apart(Mapping original, Limits.Work work) {
        return new Copies(work, false).mapping(original);
    }

    /** {@return what copies the data of several nodes, so that what they share stays shared} */
    static Copies together(Limits.Work work) {
        return new Copies(work, false);
    }

    /** {@return a copy, which holds the copies made before of what it shares with other data} */
    Mapping copy(Mapping original) {
        return mapping(original);
    }

    private @Nullable Object value(@Nullable Object original) {
        if (original instanceof Mapping mapping) {
            return mapping(mapping);
        }
        return original instanceof Sequence sequence && sequence.deep() ? sequence(sequence) : original;
    }

    private Mapping mapping(Mapping original) {
        if (original.shared() && known(original) instanceof Mapping copy) {
            return copy;
        }
        var size = original.size();
        work.add(size + Limits.COLLECTION_WORK);
        var copy = original.shallowCopy(traced);
        if (original.shared()) {
            remember(original, copy);
        }
        for (var i = 0; i < size; i++) {
            var value = original.valueAt(i);
            if (value instanceof Mapping || value instanceof Sequence) {
                copy.replaceAt(i, value(value));
            }
        }
        return copy;
    }

    private Sequence sequence(Sequence original) {
        if (original.shared() && known(original) instanceof Sequence copy) {
            return copy;
        }
        work.add(original.size() + Limits.COLLECTION_WORK);
        var items = new @Nullable Object[original.size()];
        for (var i = 0; i < items.length; i++) {
            items[i] = value(original.get(i));
        }
        var copy = original.copy(items, traced);
        if (original.shared()) {
            remember(original, copy);
        }
        return copy;
    }

    private @Nullable Object known(Object original) {
        return known == null ? null : known.get(original);
    }

    private void remember(Object original, Object copy) {
        if (known == null) {
            known = new IdentityHashMap<>();
        }
        known.put(original, copy);
    }

    /**
     * Ends the building of some data: whatever is an unchanged copy is replaced by its original, so that a thousand
     * nodes that inherit one environment hold it once. Originals have to be settled before their copies.
     */
    @SuppressWarnings("ReferenceEquality") // It is about what is the same, not equal.
    static Mapping settle(Mapping mapping) {
        var done = mapping.settled();
        if (done != null) {
            return done;
        }
        var origin = mapping.origin();
        var target = origin == null ? null : origin.settled();
        var same = target != null;
        for (var i = 0; i < mapping.size(); i++) {
            var value = mapping.valueAt(i);
            if (value instanceof Mapping || value instanceof Sequence) {
                var settled = settle(value);
                mapping.replaceAt(i, settled);
                same = same && target != null && target.valueAt(i) == settled;
            }
        }
        var result = same && target != null ? target : mapping;
        mapping.settle(result);
        return result;
    }

    private static Object settle(Object value) {
        if (value instanceof Mapping mapping) {
            return settle(mapping);
        }
        return value instanceof Sequence sequence && sequence.deep() ? settle(sequence) : value;
    }

    @SuppressWarnings("ReferenceEquality") // As above.
    private static Sequence settle(Sequence sequence) {
        var done = sequence.settled();
        if (done != null) {
            return done;
        }
        var origin = sequence.origin();
        var target = origin == null ? null : origin.settled();
        var same = target != null;
        for (var i = 0; i < sequence.size(); i++) {
            var item = sequence.get(i);
            if (item instanceof Mapping || item instanceof Sequence) {
                var settled = settle(item);
                sequence.replaceAt(i, settled);
                same = same && target != null && target.get(i) == settled;
            }
        }
        var result = same && target != null ? target : sequence;
        sequence.settle(result);
        return result;
    }
}
