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
 * A YAML mapping: ordered, with keys compared as in Python.
 *
 * <p>An immutable map to callers. This package changes it in place while it builds a tree, because YAML aliases make
 * one mapping visible in several places, and a merge into it must show in all of them. Thread-safe once the tree is
 * built.
 */
final class Mapping extends AbstractMap<@Nullable Object, @Nullable Object> {
    /** Up to this number of keys a linear search is faster than a hash table. */
    private static final int SCANNED = 8;

    private static final int[] NO_INDEX = {};

    private @Nullable Object[] keys;
    private @Nullable Object[] values;
    private int size;

    /** Hash table with open addressing: position in {@link #keys} plus 1, or 0 for a free slot. Built when needed. */
    private int @Nullable [] index;

    /** True if it may occur more than once below one root, so that copying has to keep identity. */
    private boolean shared;

    /** The line in its file where it begins, from 1; 0 if unknown. */
    private int line;

    /** The number of changes. */
    private int version;

    /** The mapping of which this is a shallow copy, and its version at that time. */
    private @Nullable Mapping origin;

    private int originVersion;
    private @Nullable Mapping replacement;

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

    /**
     * {@return a copy with the same values}
     *
     * @param recordsOrigin whether the copy records this mapping as its {@linkplain #origin() origin}
     */
    Mapping shallowCopy(boolean recordsOrigin) {
        var copy = new Mapping(this);
        copy.origin = recordsOrigin ? this : null;
        copy.originVersion = version;
        return copy;
    }

    /** {@return the mapping of which this is a copy with the same keys and values, or null; collections may differ} */
    @Nullable
    Mapping origin() {
        var from = origin;
        return from != null && version == 0 && from.version == originVersion ? from : null;
    }

    /** {@return the mapping that represents this one in the finished tree, or null if not yet known} */
    @Nullable
    Mapping replacement() {
        return replacement;
    }

    void replaceBy(Mapping representative) {
        replacement = representative;
        origin = null;
        // Threads may share the finished tree: the index must exist before, not be built by a reader.
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

    /** Replaces a value by a copy of it. Does not count as a change. */
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

    /** Sets the value of a key. An existing key keeps its position. */
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

    /** Removes a key if it exists. */
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
            // More than half full: probing becomes slow. The next lookup builds a larger table.
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
