package org.atex.fmf.tree;

import java.util.AbstractList;
import java.util.Collection;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** A sequence as YAML has it: never changed, but a mapping in it may be while a tree is being built. */
final class Sequence extends AbstractList<@Nullable Object> implements RandomAccess {
    static final Sequence EMPTY = new Sequence(new Object[0], false, null);

    private final @Nullable Object[] items;
    private final boolean tuple;
    private final boolean deep;
    private @Nullable Sequence origin;
    private @Nullable Sequence settled;
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

    /** {@return these items as a tuple, which is what sequences become as keys and in {@code !!pairs}} */
    static Sequence tuple(List<? extends @Nullable Object> items) {
        return new Sequence(items.toArray(), true, null);
    }

    /** {@return a sequence of copies of these items, that may know what it is a copy of} */
    Sequence copy(@Nullable Object[] copies, boolean traced) {
        var copy = new Sequence(copies, tuple, traced ? this : null);
        copy.shared = shared;
        return copy;
    }

    /** {@return this and then the other, as one} */
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

    /** {@return the sequence that stands for this one in the finished tree, or null if that is not known yet} */
    @Nullable
    Sequence settled() {
        return settled;
    }

    void settle(Sequence as) {
        settled = as;
        origin = null;
    }

    boolean isTuple() {
        return tuple;
    }

    /** {@return whether there are mappings in it, at any depth: else it need not be copied} */
    boolean deep() {
        return deep;
    }

    boolean shared() {
        return shared;
    }

    /** Marks this and what is in it, as items move from list to list. */
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

    /** Replaces an item by what stands for it in the finished tree. */
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
