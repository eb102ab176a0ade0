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
 * A node of a tree, with a name and data.
 *
 * <p>Immutable, including its data. The typed accessors treat a missing key and a null alike. For a value of another
 * type they throw an {@link FmfException} that names file, node, key, the expected type and the value found.
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

    private FmfNode(@Nullable FmfNode parent, NodeBuilder builder, @Nullable Path directory) {
        this.parent = parent;
        this.name = builder.name();
        this.data = builder.data();
        this.sources = Collections.unmodifiableList(builder.sources());
        this.ownSources = builder.ownSources().size();
        this.directory =
                ownSources == 0 ? directory : builder.ownSources().getLast().getParent();
        this.definition = builder.definition();
        this.line = builder.line();
        this.select = builder.select();
        builder.children().forEach((key, child) -> children.put(key, new FmfNode(this, child, this.directory)));
        this.sorted = children.size() < 2
                ? List.copyOf(children.values())
                : children.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey(Directory.BY_CODE_POINT))
                        .map(Map.Entry::getValue)
                        .toList();
    }

    static FmfNode of(NodeBuilder root, @Nullable Path directory) {
        return new FmfNode(null, root, directory);
    }

    /** {@return the full name, such as {@code /tests/core}} */
    public String name() {
        return name;
    }

    /** {@return the parent node; empty for the root} */
    public Optional<FmfNode> parent() {
        return Optional.ofNullable(parent);
    }

    /** {@return the child nodes by their short names, in the order of definition; unmodifiable} */
    public Map<String, FmfNode> children() {
        return Collections.unmodifiableMap(children);
    }

    /** {@return the child nodes, ordered by short name} */
    List<FmfNode> sorted() {
        return sorted;
    }

    /**
     * {@return the data: text, booleans, {@code Long} or {@code BigInteger}, {@code Double}, {@code LocalDate},
     * {@code LocalDateTime}, {@link FmfBinary}, nulls, and lists, sets and ordered maps of these; unmodifiable}
     */
    @SuppressWarnings("unchecked")
    public Map<String, @Nullable Object> data() {
        // The keys of a node are text: a tree with other keys is rejected when it is read.
        return (Map<String, @Nullable Object>) (Map<?, ?>) data;
    }

    Mapping mapping() {
        return data;
    }

    /** {@return the files that the data come from, those of the ancestors first; unmodifiable} */
    public List<Path> sources() {
        return sources;
    }

    /** {@return the files that describe this node itself, not its ancestors} */
    List<Path> ownSources() {
        return sources.subList(sources.size() - ownSources, sources.size());
    }

    /**
     * {@return the directory of the file that defines this node, or of its nearest ancestor with a file; empty in a
     * tree made in memory}
     */
    public Optional<Path> directory() {
        return Optional.ofNullable(directory);
    }

    /** {@return the last file that describes this node itself; empty if no file does} */
    public Optional<Path> definition() {
        return Optional.ofNullable(definition);
    }

    /** {@return the line of {@link #definition()} where the node's own keys begin, from 1; 0 if unknown} */
    public int line() {
        return line;
    }

    @Nullable
    Boolean select() {
        return select;
    }

    /**
     * {@return whether {@link FmfTree#climb()} lists this node: the value of its directive {@code select}, by default
     * true for a leaf and false for a node with children}
     */
    public boolean selected() {
        return select == null ? children.isEmpty() : select;
    }

    /**
     * Lists this node and those below it.
     *
     * @param whole true to list all nodes, false to list only those that are {@linkplain #selected selected}
     * @return the nodes, parents before their children, siblings by name
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
     * Tests whether the data have a key, even with the value null.
     *
     * @param key the key
     * @return true if the data have it
     */
    public boolean has(String key) {
        return data.containsKey(key);
    }

    /**
     * Reads text.
     *
     * @param key the key
     * @return the text; empty for a missing key or null
     * @throws FmfException if the value is not text
     */
    public Optional<String> text(String key) {
        return Optional.ofNullable(typed(key, String.class, "text"));
    }

    /**
     * Reads text with a default.
     *
     * @param key the key
     * @param otherwise the default for a missing key or null
     * @return the text
     * @throws FmfException if the value is not text
     */
    public String text(String key, String otherwise) {
        return text(key).orElse(otherwise);
    }

    /**
     * Reads a list of texts. A single text counts as a list of one.
     *
     * @param key the key
     * @return the texts; empty for a missing key or null; unmodifiable
     * @throws FmfException if the value has another type
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
     * @param otherwise the default for a missing key or null
     * @return the boolean
     * @throws FmfException if the value is not a boolean
     */
    public boolean bool(String key, boolean otherwise) {
        var value = typed(key, Boolean.class, "true or false");
        return value == null ? otherwise : value;
    }

    /**
     * Reads an integer.
     *
     * @param key the key
     * @return the integer; empty for a missing key or null
     * @throws FmfException if the value is not an integer or does not fit into 64 bits
     */
    public Optional<Long> integer(String key) {
        return Optional.ofNullable(typed(key, Long.class, "an integer of at most 64 bits"));
    }

    /**
     * Reads a list.
     *
     * @param key the key
     * @return the items; empty for a missing key or null; unmodifiable
     * @throws FmfException if the value is not a list
     */
    public List<@Nullable Object> list(String key) {
        var value = typed(key, Sequence.class, "a list");
        return value == null ? List.of() : value;
    }

    /**
     * Reads a mapping.
     *
     * @param key the key
     * @return the mapping; empty for a missing key or null; unmodifiable
     * @throws FmfException if the value is not a mapping, or a key in it is not text
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
     * Reads a mapping of texts, such as environment variables. The value may also be a list of mappings and of texts of
     * the form {@code KEY=value}, which are merged; later entries win. Numbers and booleans are converted to text as in
     * Python.
     *
     * @param key the key
     * @return the texts in their order; empty for a missing key or null; unmodifiable
     * @throws FmfException if the value has another type
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
                nodeFiles().place(KeyLocator.actingOn(key)) + "Node " + name + ", key \"" + key + "\": expected "
                        + expected + ", found " + Values.typeOf(found) + where + ": "
                        + (text.length() > 80 ? text.substring(0, 77) + "..." : text));
    }

    /**
     * {@return the file and line where a key of this node is written, followed by a colon and a blank, as the beginning
     * of a message; empty for a tree made in memory}
     *
     * <p>Reads the files of the node again to find the line.
     *
     * @param key the key
     */
    public String place(String key) {
        return nodeFiles().place(KeyLocator.actingOn(key));
    }

    KeyLocator.NodeFiles nodeFiles() {
        return new KeyLocator.NodeFiles(name, ownSources(), parent == null ? null : parent.nodeFiles());
    }

    /**
     * Creates an error for an invalid value, in the form of those of the typed accessors. For callers that check more
     * than the type.
     *
     * @param key the key
     * @param expected a description of valid values
     * @return an error that names file, node, key, the expected value and the value found
     */
    public FmfException unexpected(String key, String expected) {
        return wrong(key, expected, data.get(key));
    }

    @Override
    public String toString() {
        return name;
    }
}
