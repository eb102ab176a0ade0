package org.atex.fmf.tree;

import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * DeepCopier data deeply and keeps identity: a mapping that occurs twice in the original is one object in the copy,
 * too.
 *
 * <p>Only mappings are changed in place, so scalars and lists of scalars are not copied.
 */
final class DeepCopier {
    private final Limits.Work work;
    private final boolean recordsOrigin;
    private @Nullable IdentityHashMap<Object, Object> known;

    private DeepCopier(Limits.Work work, boolean recordsOrigin) {
        this.work = work;
        this.recordsOrigin = recordsOrigin;
    }

    /**
     * {@return a copy for another node}
     *
     * @param recordsOrigin whether the copy records its original, for {@link #replaceUnchanged}
     */
    static Mapping copyForNode(Mapping original, Limits.Work work, boolean recordsOrigin) {
        return new DeepCopier(work, recordsOrigin).mapping(original);
    }

    /** {@return a copy for another place in the same node, which is never replaced by its original} */
    static Mapping copyInNode(Mapping original, Limits.Work work) {
        return new DeepCopier(work, false).mapping(original);
    }

    /** {@return a copier for the data of several nodes: a mapping that two nodes share stays shared by their copies} */
    static DeepCopier forNodes(Limits.Work work) {
        return new DeepCopier(work, false);
    }

    /** {@return a copy that reuses the earlier copies of mappings shared with data copied before} */
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
        var copy = original.shallowCopy(recordsOrigin);
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
        var copy = original.copy(items, recordsOrigin);
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
     * Replaces unchanged copies by their originals, deeply, so that 1,000 nodes that inherit one environment hold it
     * once. The data of a parent must be processed before those of its children.
     */
    @SuppressWarnings("ReferenceEquality") // Compares identity: equal values in different objects are not shared.
    static Mapping replaceUnchanged(Mapping mapping) {
        var done = mapping.replacement();
        if (done != null) {
            return done;
        }
        // The copy is replaced if neither it nor its original was changed since, and all collections in it are
        // replaced.
        var origin = mapping.origin();
        var target = origin == null ? null : origin.replacement();
        var same = target != null;
        for (var i = 0; i < mapping.size(); i++) {
            var value = mapping.valueAt(i);
            if (value instanceof Mapping || value instanceof Sequence) {
                var finished = replaceUnchanged(value);
                mapping.replaceAt(i, finished);
                same = same && target != null && target.valueAt(i) == finished;
            }
        }
        var result = same && target != null ? target : mapping;
        mapping.replaceBy(result);
        return result;
    }

    private static Object replaceUnchanged(Object value) {
        if (value instanceof Mapping mapping) {
            return replaceUnchanged(mapping);
        }
        return value instanceof Sequence sequence && sequence.deep() ? replaceUnchanged(sequence) : value;
    }

    @SuppressWarnings("ReferenceEquality") // As for mappings.
    private static Sequence replaceUnchanged(Sequence sequence) {
        var done = sequence.replacement();
        if (done != null) {
            return done;
        }
        var origin = sequence.origin();
        var target = origin == null ? null : origin.replacement();
        var same = target != null;
        for (var i = 0; i < sequence.size(); i++) {
            var item = sequence.get(i);
            if (item instanceof Mapping || item instanceof Sequence) {
                var finished = replaceUnchanged(item);
                sequence.replaceAt(i, finished);
                same = same && target != null && target.get(i) == finished;
            }
        }
        var result = same && target != null ? target : sequence;
        sequence.replaceBy(result);
        return result;
    }
}
