package org.atex.fmf.tree;

import java.util.AbstractList;
import java.util.Collection;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** A YAML sequence. Its items never change, but mappings in it may be changed in place while a tree is built. */
final class Sequence extends AbstractList<@Nullable Object> implements RandomAccess {
    static final Sequence EMPTY = new Sequence(new Object[0], false, null);

    private final @Nullable Object[] items;
    private final boolean tuple;
    private final boolean deep;

    /** The sequence of which this is a copy, or null. */
    private @Nullable Sequence origin;

    private @Nullable Sequence replacement;
    private boolean shared;

    private Sequence(@Nullable Object[] items, boolean tuple, @Nullable Sequence origin) {
        this.items = items;
        this.tuple = tuple;
        this.origin = origin;
        this.deep = holdsMappings(items);
    }

    private static boolean holdsMappings(@Nullable Object[] items) {
        for (var item : items) {
            if (item instanceof Mapping || (item instanceof Sequence sequence && sequence.deep)) {
                return true;
            }
        }
        return false;
    }

    /** {@return a sequence of these items; the array is not copied} */
    static Sequence of(@Nullable Object[] items) {
        return new Sequence(items, false, null);
    }

    /** {@return a sequence of these items} */
    static Sequence of(Collection<? extends @Nullable Object> items) {
        return new Sequence(items.toArray(), false, null);
    }

    /** {@return these items as a tuple, the type of sequences used as keys, and of the items of {@code !!pairs}} */
    static Sequence tuple(List<? extends @Nullable Object> items) {
        return new Sequence(items.toArray(), true, null);
    }

    /**
     * {@return a sequence of copies of these items}
     *
     * @param copies the copies; the array is not copied
     * @param recordsOrigin whether the copy records this sequence as its origin
     */
    Sequence copy(@Nullable Object[] copies, boolean recordsOrigin) {
        var copy = new Sequence(copies, tuple, recordsOrigin ? this : null);
        copy.shared = shared;
        return copy;
    }

    /** {@return the concatenation of this sequence and another} */
    Sequence plus(Sequence other) {
        var all = new @Nullable Object[items.length + other.items.length];
        System.arraycopy(items, 0, all, 0, items.length);
        System.arraycopy(other.items, 0, all, items.length, other.items.length);
        return of(all);
    }

    @Nullable
    Sequence origin() {
        return origin;
    }

    /** {@return the sequence that represents this one in the finished tree, or null if not yet known} */
    @Nullable
    Sequence replacement() {
        return replacement;
    }

    void replaceBy(Sequence representative) {
        replacement = representative;
        origin = null;
    }

    boolean isTuple() {
        return tuple;
    }

    /** {@return whether it contains mappings at any depth; a sequence without mappings is never copied} */
    boolean deep() {
        return deep;
    }

    boolean shared() {
        return shared;
    }

    /** Marks this sequence and the collections in it as shared: items move from list to list, leaving the sequence. */
    void share() {
        if (shared || !deep) {
            return;
        }
        shared = true;
        for (var item : items) {
            if (item instanceof Mapping mapping) {
                mapping.share();
            } else if (item instanceof Sequence sequence) {
                sequence.share();
            }
        }
    }

    /** Replaces an item by the collection that represents it in the finished tree. */
    void replaceAt(int position, @Nullable Object item) {
        items[position] = item;
    }

    @Override
    public @Nullable Object get(int position) {
        return items[position];
    }

    @Override
    public int size() {
        return items.length;
    }
}
