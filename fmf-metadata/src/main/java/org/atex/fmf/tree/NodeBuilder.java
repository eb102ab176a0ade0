package org.atex.fmf.tree;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** A mutable node of a tree that is being read, inherited and adjusted. Used by one thread. */
final class NodeBuilder {
    private final @Nullable NodeBuilder parent;
    private final String name;
    private final int depth;
    private final Map<String, NodeBuilder> children = new LinkedHashMap<>();
    private final List<Path> ownSources = new ArrayList<>();

    /** The node's own data as read; after inheritance, the merged data. */
    private Mapping data = new Mapping();

    private List<Path> sources = ownSources;

    /** The file that is being applied. Kept in the root only. */
    private @Nullable Path reading;

    private @Nullable Path definition;
    private int line;
    private boolean inherit = true;
    private @Nullable Boolean select;
    private boolean updated;

    private NodeBuilder(@Nullable NodeBuilder parent, String name) {
        this.parent = parent;
        this.name = name;
        this.depth = parent == null ? 0 : parent.depth + 1;
        if (depth > Limits.NODE_DEPTH) {
            throw Limits.exceeded("The depth of the tree", Limits.NODE_DEPTH);
        }
    }

    static NodeBuilder root() {
        return new NodeBuilder(null, "/");
    }

    /** {@return the child of that name, created if necessary} */
    NodeBuilder child(String childName) {
        var child = children.get(childName);
        if (child == null) {
            child = new NodeBuilder(this, (parent == null ? "" : name) + "/" + childName);
            children.put(childName, child);
        }
        return child;
    }

    String name() {
        return name;
    }

    Map<String, NodeBuilder> children() {
        return children;
    }

    Mapping data() {
        return data;
    }

    void data(Mapping finished) {
        data = finished;
    }

    List<Path> ownSources() {
        return ownSources;
    }

    List<Path> sources() {
        return sources;
    }

    @Nullable
    Boolean select() {
        return select;
    }

    void addSource(Path file) {
        ownSources.add(file);
    }

    /** Sets the file that defines the nodes updated from now on. */
    void reading(Path file) {
        top().reading = file;
    }

    private NodeBuilder top() {
        var top = this;
        while (top.parent != null) {
            top = top.parent;
        }
        return top;
    }

    /** {@return the last file that describes this node, or null if no file does} */
    @Nullable
    Path definition() {
        return definition;
    }

    /** {@return the line in {@link #definition()} where the node is described, from 1; 0 if unknown} */
    int line() {
        return line;
    }

    /** Invalid content of a node. The caller knows the file, and asks for the line there. */
    final class InvalidContent extends FmfException {
        private static final long serialVersionUID = 1L;

        private final transient NodeBuilder where;
        private final transient Predicate<String> key;

        private InvalidContent(Kind kind, String message, NodeBuilder where, Predicate<String> key) {
            super(kind, "Node " + name + " " + message);
            this.where = where;
            this.key = key;
        }

        /** {@return the line of the invalid key in the file that describes {@code owner}, or 0 if it is not found} */
        int line(Path file, NodeBuilder owner) {
            return KeyLocator.line(file, owner.name, where.name, key);
        }
    }

    /** DeepCopier everything but the data from a finished node. */
    void copy(FmfNode node) {
        ownSources.addAll(node.ownSources());
        sources = node.sources();
        select = node.select();
        definition = node.definition().orElse(null);
        line = node.line();
    }

    /** Adds the content of a file, or the value of a key that names this node. */
    void update(@Nullable Object value) {
        if (value != null && !(value instanceof Mapping)) {
            throw new InvalidContent(
                    Kind.INVALID_VALUE,
                    "must be described by a mapping, found " + Values.typeOf(value),
                    parent == null ? this : parent,
                    name.substring(name.lastIndexOf('/'))::equals);
        }
        updated = true;
        if (value instanceof Mapping mapping) {
            locate(mapping.line());
            apply(mapping);
        }
    }

    private void locate(int number) {
        definition = top().reading;
        line = number;
    }

    private void apply(Mapping mapping) {
        if (mapping.containsKey("/")) {
            var directives = mapping.get("/");
            mapping.drop("/");
            applyDirectives(directives);
        }
        for (var i = 0; i < mapping.size(); i++) {
            if (!(mapping.keyAt(i) instanceof String key)) {
                var found = mapping.keyAt(i);
                throw new InvalidContent(
                        found == null ? Kind.FORMAT : Kind.INVALID_VALUE,
                        "has the key " + PyText.str(found) + ", which is " + Values.typeOf(found)
                                + ". Keys are text: quote it",
                        this,
                        text -> Values.equal(YamlScalars.plain(text), found));
            }
            var value = mapping.valueAt(i);
            if (mapping.shared()) {
                // An alias elsewhere still refers to this mapping, and so to the values that move into this node.
                YamlReader.share(value);
            }
            if (key.startsWith("/")) {
                updateChild(key, value);
            } else {
                data.store(key, value);
            }
        }
    }

    private void updateChild(String key, @Nullable Object value) {
        var start = 0;
        while (start < key.length() && key.charAt(start) == '/') {
            start++;
        }
        var slash = key.indexOf('/', start);
        if (slash < 0) {
            child(key.substring(start)).updateOrIgnore(value);
            return;
        }
        var rest = new Mapping(1);
        rest.setLine(value instanceof Mapping mapping ? mapping.line() : 0);
        rest.store(key.substring(slash), value);
        child(key.substring(start, slash)).update(rest);
    }

    /** Updates the node unless the value is text, which Python fmf would read as the path of a directory. */
    void updateOrIgnore(@Nullable Object value) {
        if (!(value instanceof String)) {
            update(value);
        }
    }

    private void applyDirectives(@Nullable Object directives) {
        if (!(directives instanceof Mapping mapping)) {
            throw invalidDirectives("must be a mapping, found " + Values.typeOf(directives));
        }
        for (var i = 0; i < mapping.size(); i++) {
            var key = mapping.keyAt(i);
            if (!"inherit".equals(key) && !"select".equals(key)) {
                throw invalidDirectives("can be inherit and select, found " + PyText.repr(key));
            }
            if (!(mapping.valueAt(i) instanceof Boolean on)) {
                throw invalidDirectives(key + " must be true or false, found " + PyText.repr(mapping.valueAt(i)));
            }
            if ("inherit".equals(key)) {
                inherit = on;
            } else {
                select = on;
            }
        }
    }

    private FmfException invalidDirectives(String what) {
        return new InvalidContent(Kind.FORMAT, "has invalid directives, key \"/\": " + what, this, "/"::equals);
    }

    /** Removes the children without content: directories without metadata. */
    void prune() {
        children.values().removeIf(child -> child.children.isEmpty() && !child.updated);
    }

    /**
     * Merges the data of the parent into this node, then does the same for all nodes below it.
     *
     * <p>If no mapping is shared between nodes, unchanged copies are replaced by their originals at once, which frees
     * memory while the rest of the tree is processed.
     */
    void inherit(Merge merge) {
        var inherits = inherit && parent != null;
        var base = inherits && parent != null ? merge.copy(parent.data) : new Mapping(data.size());
        if (inherits && parent != null) {
            sources = ownSources.isEmpty() ? parent.sources : joined(parent.sources, ownSources);
        }
        for (var i = 0; i < data.size(); i++) {
            var key = (String) Objects.requireNonNull(data.keyAt(i));
            try {
                merge.apply(base, key, data.valueAt(i));
            } catch (FmfException e) {
                throw e.at(nodeFiles().place(key::equals) + "Node " + name);
            }
        }
        data = merge.unshared() ? DeepCopier.replaceUnchanged(base) : base;
        for (var child : children.values()) {
            child.inherit(merge);
        }
    }

    private KeyLocator.NodeFiles nodeFiles() {
        return new KeyLocator.NodeFiles(name, ownSources, parent == null ? null : parent.nodeFiles());
    }

    private static List<Path> joined(List<Path> first, List<Path> second) {
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    /** Replaces unchanged copies by their originals in this node and all nodes below it. */
    void replaceUnchanged() {
        data = DeepCopier.replaceUnchanged(data);
        for (var child : children.values()) {
            child.replaceUnchanged();
        }
    }
}
