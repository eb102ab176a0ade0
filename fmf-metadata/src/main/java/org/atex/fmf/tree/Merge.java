package org.atex.fmf.tree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/**
 * The merge operators {@code key+}, {@code key+<}, {@code key-}, {@code key~} and {@code key-~}.
 *
 * <p>Merges in place and moves references, as Python fmf does: mappings shared by YAML aliases stay shared. Used by one
 * thread.
 */
final class Merge {
    /** The operators by the ending of a key. The first match decides, so longer endings come before shorter ones. */
    private enum Operator {
        PREPEND("+<", "+<"),
        APPEND("+", "+"),
        REMOVE_PATTERN("-~", "-~"),
        REMOVE("-", "-"),
        SUBSTITUTE("~", "~");

        private final String ending;
        private final String stripped;

        Operator(String ending, String stripped) {
            this.ending = ending;
            this.stripped = stripped;
        }

        private static @Nullable Operator of(String key) {
            var last = key.isEmpty() ? ' ' : key.charAt(key.length() - 1);
            if (last != '+' && last != '<' && last != '-' && last != '~') {
                return null;
            }
            for (var operator : values()) {
                if (key.endsWith(operator.ending)) {
                    return operator;
                }
            }
            return null;
        }

        /**
         * {@return the key without all trailing characters that occur in the operator, like Python's {@code rstrip}}
         */
        private String strip(String key) {
            var end = key.length();
            while (end > 0 && stripped.indexOf(key.charAt(end - 1)) >= 0) {
                end--;
            }
            return key.substring(0, end);
        }
    }

    private final Limits.Work work;
    private final boolean unshared;
    private final Map<String, PyRegex> patterns = new HashMap<>();

    /**
     * Creates a merger for one tree.
     *
     * @param unshared true if no mapping is shared by two nodes
     */
    Merge(Limits.Work work, boolean unshared) {
        this.work = work;
        this.unshared = unshared;
    }

    /** {@return the key without its operator, if it has one} */
    static String target(String key) {
        var operator = Operator.of(key);
        return operator == null ? key : operator.strip(key);
    }

    /** {@return a copy of the data of another node, to merge into} */
    Mapping copy(Mapping data) {
        return DeepCopier.copyForNode(data, work, unshared);
    }

    /** {@return true if no mapping is shared by two nodes, so that one can be finished before the others} */
    boolean unshared() {
        return unshared;
    }

    /** {@return a copier for the data of several nodes, which keeps mappings shared between them} */
    DeepCopier copies() {
        return DeepCopier.forNodes(work);
    }

    /** Merges all entries of a mapping into another, in their order. */
    void all(Mapping target, Mapping source) {
        var size = source.size();
        for (var i = 0; i < size; i++) {
            if (!(source.keyAt(i) instanceof String key)) {
                throw new FmfException(
                        Kind.INVALID_VALUE,
                        "Could not merge the key " + PyText.repr(source.keyAt(i)) + ": it is "
                                + Values.typeOf(source.keyAt(i)) + ", not text. Quote it");
            }
            var value = source.valueAt(i);
            share(value);
            apply(target, key, value);
            // Aliases can make target and source the same object, or one a part of the other.
            if (source.size() != size) {
                throw new FmfException(Kind.INVALID_VALUE, "Could not merge a mapping into itself");
            }
        }
    }

    /** Marks a value as shared: after a merge it is visible in the source and in the target. */
    private static void share(@Nullable Object value) {
        if (value instanceof Mapping mapping) {
            mapping.share();
        } else if (value instanceof Sequence sequence) {
            sequence.share();
        }
    }

    /** Merges one entry into a mapping: applies the operator of the key, or sets the key if it has none. */
    void apply(Mapping target, String key, @Nullable Object value) {
        work.add(1);
        var operator = Operator.of(key);
        if (operator == null) {
            target.store(key, value);
            return;
        }
        var name = operator.strip(key);
        if (!target.containsKey(name)) {
            if (operator == Operator.APPEND || operator == Operator.PREPEND) {
                target.store(name, value);
            }
            return;
        }
        var old = target.get(name);
        try {
            var merged = switch (operator) {
                case APPEND -> append(old, value, false);
                case PREPEND -> append(old, value, true);
                case REMOVE -> remove(old, value);
                case SUBSTITUTE -> substitute(old, value);
                case REMOVE_PATTERN -> removePattern(old, value);
            };
            target.store(name, merged);
        } catch (FmfException e) {
            throw e.at("Key \"" + key + "\"");
        }
    }

    private Object append(@Nullable Object old, @Nullable Object value, boolean before) {
        var list = Values.list(old);
        var more = Values.list(value);
        if (list != null && more != null) {
            work.add(list.size() + more.size());
            return before ? more.plus(list) : list.plus(more);
        }
        if (list != null && value instanceof Mapping mapping) {
            for (var item : list) {
                all(itemMapping(item, "list to which a mapping is added"), mapping);
            }
            return list;
        }
        if (old instanceof Mapping mapping && more != null) {
            return multiply(mapping, more);
        }
        if (old instanceof Mapping target && value instanceof Mapping source) {
            all(target, source);
            return target;
        }
        if (old != null && value != null && Values.isNumber(old) && Values.isNumber(value)) {
            return Values.add(old, value, false);
        }
        if (old instanceof String text && value instanceof String addition) {
            Limits.checkText((long) text.length() + addition.length());
            return before ? addition + text : text + addition;
        }
        throw cannot("add " + Values.typeOf(value) + " to " + Values.typeOf(old));
    }

    /**
     * Adds a list of mappings to a mapping.
     *
     * @return one copy of the mapping for each item, merged with the item
     */
    private Sequence multiply(Mapping mapping, Sequence items) {
        var result = new ArrayList<@Nullable Object>();
        for (var item : items) {
            var source = itemMapping(item, "list that is added to a mapping");
            var copy = DeepCopier.copyInNode(mapping, work);
            all(copy, source);
            result.add(copy);
        }
        return Sequence.of(result);
    }

    private static Mapping itemMapping(@Nullable Object item, String where) {
        if (item instanceof Mapping mapping) {
            return mapping;
        }
        throw cannot("merge " + Values.typeOf(item) + ": every item of a " + where + " must be a mapping");
    }

    private Object remove(@Nullable Object old, @Nullable Object value) {
        if (old != null && value != null && Values.isNumber(old) && Values.isNumber(value)) {
            return Values.add(old, value, true);
        }
        if (old instanceof String text && value instanceof String pattern) {
            return pattern(pattern).replaceAll(text, "");
        }
        var list = Values.list(old);
        var unwanted = Values.list(value);
        if (list != null && unwanted != null) {
            work.add((long) list.size() * Math.max(1, unwanted.size()));
            return kept(list, item -> unwanted.stream().noneMatch(other -> Values.equal(item, other)));
        }
        if (old instanceof Mapping mapping && unwanted != null) {
            for (var key : unwanted) {
                // Python rejects an unhashable key only when it looks it up, and not in an empty mapping.
                if (!mapping.isEmpty() && (key instanceof Mapping || Values.list(key) != null)) {
                    throw new FmfException(
                            Kind.INVALID_VALUE, "Could not remove a key: " + Values.typeOf(key) + " is no key");
                }
                mapping.drop(key);
            }
            return mapping;
        }
        throw cannot("remove " + Values.typeOf(value) + " from " + Values.typeOf(old));
    }

    private static Sequence kept(Sequence items, Predicate<@Nullable Object> wanted) {
        return Sequence.of(items.stream().filter(wanted).toArray());
    }

    private @Nullable Object substitute(@Nullable Object old, @Nullable Object value) {
        var substitutions = new ArrayList<Substitution>();
        for (var item : items(value)) {
            substitutions.add(Substitution.parse(text(item)));
        }
        var result = old;
        for (var substitution : substitutions) {
            var list = Values.list(result);
            if (result instanceof String text) {
                result = substitute(text, substitution);
            } else if (list != null) {
                result = substitute(list, substitution);
            } else {
                throw cannot("substitute in " + Values.typeOf(result));
            }
        }
        return result;
    }

    private Sequence substitute(Sequence list, Substitution substitution) {
        work.add(list.size());
        var items = new ArrayList<String>();
        for (var item : list) {
            if (!(item instanceof String text)) {
                throw cannot("substitute in " + Values.typeOf(item) + ", an item of the list");
            }
            items.add(substitute(text, substitution));
        }
        return Sequence.of(items);
    }

    private String substitute(String text, Substitution substitution) {
        return pattern(substitution.pattern).replaceAll(text, substitution.replacement);
    }

    private PyRegex pattern(String source) {
        return patterns.computeIfAbsent(source, PyRegex::compile);
    }

    private @Nullable Object removePattern(@Nullable Object old, @Nullable Object value) {
        var list = Values.list(old);
        if (!(old instanceof String || list != null || old instanceof Mapping)) {
            throw cannot("remove by pattern from " + Values.typeOf(old));
        }
        // Patterns are compiled only when an item is tested, as in Python fmf: an invalid pattern is no error for an
        // empty list, or after an earlier pattern that matched.
        Predicate<@Nullable Object> matching = item -> {
            var text = PyText.str(item);
            for (var wanted : items(value)) {
                if (pattern(text(wanted)).find(text)) {
                    return true;
                }
            }
            return false;
        };
        if (list != null) {
            return kept(list, matching.negate());
        }
        if (old instanceof Mapping mapping) {
            new ArrayList<>(mapping.keySet()).stream().filter(matching).forEach(mapping::drop);
            return mapping;
        }
        return matching.test(old) ? "" : old;
    }

    private static Iterable<? extends @Nullable Object> items(@Nullable Object value) {
        return switch (value) {
            case String text -> List.of(text);
            case Mapping mapping -> mapping.keySet();
            case Iterable<? extends @Nullable Object> items -> items;
            case null, default ->
                throw new FmfException(
                        Kind.INVALID_VALUE, "Expected text or a list of texts, found " + Values.typeOf(value));
        };
    }

    private static String text(@Nullable Object item) {
        if (item instanceof String text) {
            return text;
        }
        throw new FmfException(Kind.INVALID_VALUE, "Expected a list of texts, found " + Values.typeOf(item) + " in it");
    }

    private static FmfException cannot(String what) {
        return new FmfException(Kind.MERGE, "Could not " + what);
    }

    /** One substitution of {@code key~}: a pattern and a replacement. The first character is the delimiter. */
    private record Substitution(String pattern, String replacement) {
        static Substitution parse(String text) {
            if (text.isEmpty()) {
                throw malformed(text, "it is empty");
            }
            var delimiter = Character.toString(text.codePointAt(0));
            var parts = text.split(Pattern.quote(delimiter), -1);
            if (parts.length != 4 || !parts[3].isEmpty()) {
                throw malformed(text, "the delimiter \"" + delimiter + "\" must occur three times, also at the end");
            }
            if (parts[1].isEmpty()) {
                throw malformed(text, "the pattern is empty");
            }
            return new Substitution(parts[1], parts[2]);
        }

        private static FmfException malformed(String text, String why) {
            return new FmfException(
                    Kind.FORMAT,
                    "Invalid substitution \"" + text + "\", " + why + ". Write it like \"/pattern/replacement/\"");
        }
    }
}
