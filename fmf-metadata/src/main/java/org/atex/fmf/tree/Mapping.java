package org.atex.fmf.tree;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A mapping as YAML has it: ordered, with keys compared the Python way.
 *
 * <p>To users it is an immutable map. While a tree is being built this package changes it in place, because YAML
 * aliases make one mapping visible in several places and a merge into it must show in all of them.
 */
final class Mapping extends AbstractMap<@Nullable Object, @Nullable Object> {
    /** Up to this many keys a scan beats a hash table. */
    private static final int SCANNED = 8;

    private static final int[] NO_INDEX = {};

    private @Nullable Object[] keys;
    private @Nullable Object[] values;
    private int size;

    /** Open addressing: position + 1 in {@link #keys}, or 0. Made when first needed. */
    private int @Nullable [] index;

    /** May be reached by more than one way from one root, so that copying has to keep identity. */
    private boolean shared;

    /** Where it begins in its file, or 0. */
    private int line;

    /** Counts changes. */
    private int version;

    private @Nullable Mapping origin;
    private int originVersion;
    private @Nullable Mapping settled;

    Mapping() {
        this(4);
    }

    Mapping(int capacity) {
        keys = new Object[capacity];
        values = new Object[capacity];
    }

    private Mapping(Mapping other) {
        keys = Arrays.copyOf(other.keys, other.size + 2);
        values = Arrays.copyOf(other.values, other.size + 2);
        size = other.size;
        shared = other.shared;
    }

    /** {@return a copy, the values in it not copied, that may know what it is a copy of} */
    Mapping shallowCopy(boolean traced) {
        var copy = new Mapping(this);
        copy.origin = traced ? this : null;
        copy.originVersion = version;
        return copy;
    }

    /** {@return what this is an unchanged copy of (its values may have changed), or null} */
    @Nullable
    Mapping origin() {
        var from = origin;
        return from != null && version == 0 && from.version == originVersion ? from : null;
    }

    /** {@return the mapping that stands for this one in the finished tree, or null if that is not known yet} */
    @Nullable
    Mapping settled() {
        return settled;
    }

    void settle(Mapping as) {
        settled = as;
        origin = null;
        // From now on several threads may read it: nothing may be made lazily.
        reindex();
    }

    boolean shared() {
        return shared;
    }

    void share() {
        shared = true;
    }

    int line() {
        return line;
    }

    void setLine(int number) {
        line = number;
    }

    @Override
    public int size() {
        return size;
    }

    @Nullable
    Object keyAt(int position) {
        return keys[position];
    }

    @Nullable
    Object valueAt(int position) {
        return values[position];
    }

    /** Replaces a value by its copy: not a change. */
    void replaceAt(int position, @Nullable Object value) {
        values[position] = value;
    }

    @Override
    public @Nullable Object get(@Nullable Object key) {
        var position = find(key);
        return position < 0 ? null : values[position];
    }

    @Override
    public boolean containsKey(@Nullable Object key) {
        return find(key) >= 0;
    }

    /** Sets the value of a key, which keeps its position if it is there. */
    void store(@Nullable Object key, @Nullable Object value) {
        version++;
        var position = find(key);
        if (position >= 0) {
            values[position] = value;
            return;
        }
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, size * 2 + 2);
            values = Arrays.copyOf(values, size * 2 + 2);
        }
        keys[size] = key;
        values[size] = value;
        size++;
        if (index != null) {
            enter(index, size - 1);
        }
    }

    /** Removes a key, if it is there. */
    void drop(@Nullable Object key) {
        var position = find(key);
        if (position < 0) {
            return;
        }
        version++;
        size--;
        System.arraycopy(keys, position + 1, keys, position, size - position);
        System.arraycopy(values, position + 1, values, position, size - position);
        keys[size] = null;
        values[size] = null;
        index = null;
    }

    private int find(@Nullable Object key) {
        if (size <= SCANNED) {
            for (var i = 0; i < size; i++) {
                if (same(key, keys[i])) {
                    return i;
                }
            }
            return -1;
        }
        var table = reindex();
        for (var slot = slot(table, key); table[slot] != 0; slot = (slot + 1) & (table.length - 1)) {
            var position = table[slot] - 1;
            if (same(key, keys[position])) {
                return position;
            }
        }
        return -1;
    }

    private int[] reindex() {
        var table = index;
        if (table == null && size > SCANNED) {
            table = new int[Integer.highestOneBit(size) * 8];
            for (var i = 0; i < size; i++) {
                enter(table, i);
            }
            index = table;
        }
        return table == null ? NO_INDEX : table;
    }

    private void enter(int[] table, int position) {
        if (table.length < size * 2) {
            index = null;
            return;
        }
        var slot = slot(table, keys[position]);
        while (table[slot] != 0) {
            slot = (slot + 1) & (table.length - 1);
        }
        table[slot] = position + 1;
    }

    private static int slot(int[] table, @Nullable Object key) {
        var hash = key instanceof String text ? text.hashCode() : Values.hash(key);
        return (hash ^ (hash >>> 16)) & (table.length - 1);
    }

    private static boolean same(@Nullable Object a, @Nullable Object b) {
        return a instanceof String ? a.equals(b) : Values.equal(a, b);
    }

    @Override
    public Set<Map.Entry<@Nullable Object, @Nullable Object>> entrySet() {
        return new Entries();
    }

    private final class Entries extends AbstractSet<Map.Entry<@Nullable Object, @Nullable Object>> {
        @Override
        public int size() {
            return size;
        }

        @Override
        public Iterator<Map.Entry<@Nullable Object, @Nullable Object>> iterator() {
            return new Iterator<>() {
                private int next;

                @Override
                public boolean hasNext() {
                    return next < size;
                }

                @Override
                public Map.Entry<@Nullable Object, @Nullable Object> next() {
                    if (next >= size) {
                        throw new NoSuchElementException();
                    }
                    var entry = new SimpleImmutableEntry<@Nullable Object, @Nullable Object>(keys[next], values[next]);
                    next++;
                    return entry;
                }
            };
        }
    }
}
