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

/** A node while its tree is being made. */
final class Draft {
    private final @Nullable Draft parent;
    private final String name;
    private final int depth;
    private final Map<String, Draft> children = new LinkedHashMap<>();
    private final List<Path> ownSources = new ArrayList<>();

    /** Own data as read; after inheritance, the final data. */
    private Mapping data = new Mapping();

    private List<Path> sources = ownSources;
    /** Of the root: the file that is being applied. */
    private @Nullable Path reading;

    private @Nullable Path definition;
    private int line;
    private boolean inherit = true;
    private @Nullable Boolean select;
    private boolean updated;

    private Draft(@Nullable Draft parent, String name) {
        this.parent = parent;
        this.name = name;
        this.depth = parent == null ? 0 : parent.depth + 1;
        if (depth > Limits.NODE_DEPTH) {
            throw Limits.exceeded("The depth of the tree", Limits.NODE_DEPTH);
        }
    }

    static Draft root() {
        return new Draft(null, "/");
    }

    /** {@return the child of that name, made if it is not there} */
    Draft child(String childName) {
        var child = children.get(childName);
        if (child == null) {
            child = new Draft(this, (parent == null ? "" : name) + "/" + childName);
            children.put(childName, child);
        }
        return child;
    }

    String name() {
        return name;
    }

    Map<String, Draft> children() {
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

    /** From now on a file says what there is. */
    void reading(Path file) {
        top().reading = file;
    }

    private Draft top() {
        var top = this;
        while (top.parent != null) {
            top = top.parent;
        }
        return top;
    }

    /** {@return the file that describes this node, or null; of several, the last} */
    @Nullable
    Path definition() {
        return definition;
    }

    /** {@return the line where that file does so} */
    int line() {
        return line;
    }

    /** What is said about a node is wrong. Whoever knows the file adds the line. */
    final class Rejected extends FmfException {
        private static final long serialVersionUID = 1L;

        private final transient Draft where;
        private final transient Predicate<String> key;

        private Rejected(Kind kind, String message, Draft where, Predicate<String> key) {
            super(kind, "Node " + name + " " + message);
            this.where = where;
            this.key = key;
        }

        /** {@return the line in a file that describes a node, or 0} */
        int line(Path file, Draft owner) {
            return Places.line(file, owner.name, where.name, key);
        }
    }

    /** Takes over all but the data of a finished node. */
    void copy(FmfNode node) {
        ownSources.addAll(node.ownSources());
        sources = node.sources();
        select = node.select();
        definition = node.definition().orElse(null);
        line = node.line();
    }

    /** Takes over what a file or a key says about this node. */
    void update(@Nullable Object value) {
        if (value != null && !(value instanceof Mapping)) {
            throw new Rejected(
                    Kind.INVALID_VALUE,
                    "has to be described by a mapping, found " + Values.typeOf(value),
                    parent == null ? this : parent,
                    name.substring(name.lastIndexOf('/'))::equals);
        }
        updated = true;
        if (value instanceof Mapping mapping) {
            locate(mapping.line());
            take(mapping);
        }
    }

    private void locate(int number) {
        definition = top().reading;
        line = number;
    }

    private void take(Mapping mapping) {
        if (mapping.containsKey("/")) {
            var directives = mapping.get("/");
            mapping.drop("/");
            direct(directives);
        }
        for (var i = 0; i < mapping.size(); i++) {
            if (!(mapping.keyAt(i) instanceof String key)) {
                var found = mapping.keyAt(i);
                throw new Rejected(
                        found == null ? Kind.FORMAT : Kind.INVALID_VALUE,
                        "has the key " + PyText.str(found) + ", which is " + Values.typeOf(found)
                                + ". Keys are text: quote it",
                        this,
                        text -> Values.equal(YamlScalars.plain(text), found));
            }
            var value = mapping.valueAt(i);
            if (mapping.shared()) {
                // The mapping is left behind, but others still see what is in it.
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

    /** Text in the place of a child's content would be a directory to read, to the reference: it is not followed. */
    void updateOrIgnore(@Nullable Object value) {
        if (!(value instanceof String)) {
            update(value);
        }
    }

    private void direct(@Nullable Object directives) {
        if (!(directives instanceof Mapping mapping)) {
            throw directive("have to be a mapping, found " + Values.typeOf(directives));
        }
        for (var i = 0; i < mapping.size(); i++) {
            var key = mapping.keyAt(i);
            if (!"inherit".equals(key) && !"select".equals(key)) {
                throw directive("are inherit and select, found " + PyText.repr(key));
            }
            if (!(mapping.valueAt(i) instanceof Boolean on)) {
                throw directive(key + " has to be true or false, found " + PyText.repr(mapping.valueAt(i)));
            }
            if ("inherit".equals(key)) {
                inherit = on;
            } else {
                select = on;
            }
        }
    }

    private FmfException directive(String what) {
        return new Rejected(Kind.FORMAT, "has a key \"/\" for directives: they " + what, this, "/"::equals);
    }

    /** Removes the children that nobody described: directories without metadata. */
    void prune() {
        children.values().removeIf(child -> child.children.isEmpty() && !child.updated);
    }

    /**
     * Gives this node and all below it what they inherit.
     *
     * <p>If no other node can change the data of this one, they are settled at once: that frees the memory of copies
     * which turn out to be unchanged.
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
                throw e.at(site().of(key::equals) + "Node " + name);
            }
        }
        data = merge.apart() ? Copies.settle(base) : base;
        for (var child : children.values()) {
            child.inherit(merge);
        }
    }

    private Places.Site site() {
        return new Places.Site(name, ownSources, parent == null ? null : parent.site());
    }

    private static List<Path> joined(List<Path> first, List<Path> second) {
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    /** Ends the work on the data of this node and all below it. */
    void settle() {
        data = Copies.settle(data);
        for (var child : children.values()) {
            child.settle();
        }
    }
}
