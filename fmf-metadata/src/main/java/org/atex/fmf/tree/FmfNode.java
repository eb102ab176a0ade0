package org.atex.fmf.tree;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A node of a tree: a name and data.
 *
 * <p>Immutable, its data included. The typed accessors take a missing key and a null for the same thing, and throw an
 * error that names file, node, key, what was expected and what was found if the type is another.
 */
public final class FmfNode {
    private static final String TEXTS = "a mapping of texts, or a list of such mappings and of texts such as KEY=value";

    private final @Nullable FmfNode parent;
    private final String name;
    private final Mapping data;
    private final List<Path> sources;
    private final int ownSources;
    private final @Nullable Path directory;
    private final @Nullable Path definition;
    private final int line;
    private final @Nullable Boolean select;
    private final Map<String, FmfNode> children = new LinkedHashMap<>();
    private final List<FmfNode> sorted;

    private FmfNode(@Nullable FmfNode parent, Draft draft, @Nullable Path directory) {
        this.parent = parent;
        this.name = draft.name();
        this.data = draft.data();
        this.sources = Collections.unmodifiableList(draft.sources());
        this.ownSources = draft.ownSources().size();
        this.directory =
                ownSources == 0 ? directory : draft.ownSources().getLast().getParent();
        this.definition = draft.definition();
        this.line = draft.line();
        this.select = draft.select();
        draft.children().forEach((key, child) -> children.put(key, new FmfNode(this, child, this.directory)));
        this.sorted = children.size() < 2
                ? List.copyOf(children.values())
                : children.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey(Directory.BY_CODE_POINT))
                        .map(Map.Entry::getValue)
                        .toList();
    }

    static FmfNode of(Draft root, @Nullable Path directory) {
        return new FmfNode(null, root, directory);
    }

    /** {@return the full name, such as {@code /tests/core}} */
    public String name() {
        return name;
    }

    /** {@return the node above, nothing for the root} */
    public Optional<FmfNode> parent() {
        return Optional.ofNullable(parent);
    }

    /** {@return the nodes below by their short names, in the order in which they were defined; unmodifiable} */
    public Map<String, FmfNode> children() {
        return Collections.unmodifiableMap(children);
    }

    List<FmfNode> sorted() {
        return sorted;
    }

    /**
     * {@return the data: text, booleans, {@code Long} or {@code BigInteger}, {@code Double}, {@code LocalDate},
     * {@code LocalDateTime}, {@link FmfBinary}, nulls, and lists, sets and ordered maps of these; unmodifiable}
     */
    @SuppressWarnings("unchecked")
    public Map<String, @Nullable Object> data() {
        // The keys of a node are text: everything else fails when the tree is read.
        return (Map<String, @Nullable Object>) (Map<?, ?>) data;
    }

    Mapping mapping() {
        return data;
    }

    /** {@return the files that the data come from, those of the ancestors first; unmodifiable} */
    public List<Path> sources() {
        return sources;
    }

    /** {@return the files that describe this very node} */
    List<Path> ownSources() {
        return sources.subList(sources.size() - ownSources, sources.size());
    }

    /** {@return the directory of the file that defines this node; nothing in a tree made in memory} */
    public Optional<Path> directory() {
        return Optional.ofNullable(directory);
    }

    /** {@return the file that describes this very node (of several, the last); nothing in a tree made in memory} */
    public Optional<Path> definition() {
        return Optional.ofNullable(definition);
    }

    /** {@return the line of that file where the node's own keys begin, from 1 upwards; 0 if there is none} */
    public int line() {
        return line;
    }

    @Nullable
    Boolean select() {
        return select;
    }

    /** {@return whether climbing stops here: a leaf, unless its directives say otherwise} */
    public boolean selected() {
        return select == null ? children.isEmpty() : select;
    }

    /**
     * Lists this node and those below it.
     *
     * @param whole all of them, not only those that are {@linkplain #selected selected}
     * @return the nodes, each before those below it, siblings by name
     */
    public List<FmfNode> climb(boolean whole) {
        var nodes = new ArrayList<FmfNode>();
        climb(whole, nodes);
        return List.copyOf(nodes);
    }

    private void climb(boolean whole, List<FmfNode> nodes) {
        if (whole || selected()) {
            nodes.add(this);
        }
        for (var child : sorted) {
            child.climb(whole, nodes);
        }
    }

    /**
     * Tells whether a key is there, be it with a null.
     *
     * @param key the key
     * @return whether it is there
     */
    public boolean has(String key) {
        return data.containsKey(key);
    }

    /**
     * Reads text.
     *
     * @param key the key
     * @return the text, if there is any
     * @throws FmfException if the value is no text
     */
    public Optional<String> text(String key) {
        return Optional.ofNullable(typed(key, String.class, "text"));
    }

    /**
     * Reads text that has a default.
     *
     * @param key the key
     * @param otherwise what a missing key or null means
     * @return the text
     * @throws FmfException if the value is no text
     */
    public String text(String key, String otherwise) {
        return text(key).orElse(otherwise);
    }

    /**
     * Reads a list of texts. A single text is as good as a list with one.
     *
     * @param key the key
     * @return the texts, none for a missing key or null; unmodifiable
     * @throws FmfException if the value is something else
     */
    public List<String> textList(String key) {
        var value = data.get(key);
        if (value == null) {
            return List.of();
        }
        if (value instanceof String text) {
            return List.of(text);
        }
        if (!(value instanceof Sequence items)) {
            throw wrong(key, "text or a list of texts", value);
        }
        var texts = new ArrayList<String>();
        for (var item : items) {
            if (!(item instanceof String text)) {
                throw wrong(key, "a list of texts", item, " in it");
            }
            texts.add(text);
        }
        return List.copyOf(texts);
    }

    /**
     * Reads a boolean.
     *
     * @param key the key
     * @param otherwise what a missing key or null means
     * @return the boolean
     * @throws FmfException if the value is no boolean
     */
    public boolean bool(String key, boolean otherwise) {
        var value = typed(key, Boolean.class, "true or false");
        return value == null ? otherwise : value;
    }

    /**
     * Reads an integer.
     *
     * @param key the key
     * @return the integer, if there is any
     * @throws FmfException if the value is no integer, or one of more than 64 bits
     */
    public Optional<Long> integer(String key) {
        return Optional.ofNullable(typed(key, Long.class, "an integer of at most 64 bits"));
    }

    /**
     * Reads a list.
     *
     * @param key the key
     * @return the items, none for a missing key or null; unmodifiable
     * @throws FmfException if the value is no list
     */
    public List<@Nullable Object> list(String key) {
        var value = typed(key, Sequence.class, "a list");
        return value == null ? List.of() : value;
    }

    /**
     * Reads a mapping.
     *
     * @param key the key
     * @return the mapping, empty for a missing key or null; unmodifiable
     * @throws FmfException if the value is no mapping, or has keys that are no text
     */
    @SuppressWarnings("unchecked")
    public Map<String, @Nullable Object> map(String key) {
        var value = typed(key, Mapping.class, "a mapping");
        if (value == null) {
            return Map.of();
        }
        for (var inner : value.keySet()) {
            if (!(inner instanceof String)) {
                throw wrong(key, "a mapping with text for keys", inner, " among them");
            }
        }
        return (Map<String, @Nullable Object>) (Map<?, ?>) value;
    }

    /**
     * Reads a mapping of texts, such as environment variables. It may be written as a list of mappings, and of texts such as
     * {@code KEY=value}: they are merged, and later ones win. Numbers and booleans are taken in their text form.
     *
     * @param key the key
     * @return the texts in their order, none for a missing key or null; unmodifiable
     * @throws FmfException if the value is something else
     */
    public Map<String, String> textMap(String key) {
        var texts = new LinkedHashMap<String, String>();
        var value = data.get(key);
        boolean listed = value instanceof Sequence;
        for (Object item : value instanceof Sequence items ? items : Collections.singletonList(value)) {
            if (item instanceof Mapping mapping) {
                addTexts(key, mapping, texts);
            } else if (item instanceof String text && text.indexOf('=') > 0 && listed) {
                texts.put(text.substring(0, text.indexOf('=')), text.substring(text.indexOf('=') + 1));
            } else if (item != null || value != null) {
                throw wrong(key, TEXTS, item, listed ? " in it" : "");
            }
        }
        return Collections.unmodifiableMap(texts);
    }

    private void addTexts(String key, Mapping mapping, Map<String, String> texts) {
        mapping.forEach((inner, value) -> {
            if (!(inner instanceof String name)) {
                throw wrong(key, TEXTS, inner, " among its keys");
            }
            if (value == null || value instanceof Mapping || value instanceof Iterable || value instanceof FmfBinary) {
                throw wrong(key, TEXTS, value, " under \"" + name + "\"");
            }
            texts.put(name, PyText.str(value));
        });
    }

    private <T> @Nullable T typed(String key, Class<T> type, String expected) {
        var value = data.get(key);
        if (value == null || type.isInstance(value)) {
            return type.cast(value);
        }
        throw wrong(key, expected, value);
    }

    private FmfException wrong(String key, String expected, @Nullable Object found) {
        return wrong(key, expected, found, "");
    }

    private FmfException wrong(String key, String expected, @Nullable Object found, String where) {
        var text = PyText.repr(found);
        return new FmfException(
                FmfException.Kind.INVALID_VALUE,
                site().of(Places.actingOn(key)) + "Node " + name + ", key \"" + key + "\": expected " + expected
                        + ", found " + Values.typeOf(found) + where + ": "
                        + (text.length() > 80 ? text.substring(0, 77) + "..." : text));
    }

    /**
     * {@return the file and line where a key of this node is written, and a colon, to begin a message; empty for a tree made in
     * memory}
     *
     * @param key the key
     */
    public String place(String key) {
        return site().of(Places.actingOn(key));
    }

    Places.Site site() {
        return new Places.Site(name, ownSources(), parent == null ? null : parent.site());
    }

    /**
     * Describes a wrong value the way the typed accessors do, for callers that expect more of a key than a type.
     *
     * @param key the key
     * @param expected what the value should be
     * @return an error that names file, node, key, what was expected and what was found
     */
    public FmfException unexpected(String key, String expected) {
        return wrong(key, expected, data.get(key));
    }

    @Override
    public String toString() {
        return name;
    }
}
