package org.atex.fmf.tree;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/**
 * A tree of fmf metadata, with inheritance and merging applied.
 *
 * <p>Immutable and thread-safe. Adjusting returns a new tree.
 */
public final class FmfTree {
    private final @Nullable Path directory;
    private final FmfNode root;

    /** True if no mapping is shared by two nodes. YAML aliases share mappings; a rule of one node then changes both. */
    private final boolean unshared;

    private final Map<String, FmfNode> byName = new LinkedHashMap<>();

    private FmfTree(@Nullable Path directory, NodeBuilder top, boolean unshared) {
        this.directory = directory;
        this.unshared = unshared;
        top.replaceUnchanged();
        this.root = FmfNode.of(top, directory);
        index(root);
    }

    private void index(FmfNode node) {
        byName.putIfAbsent(node.name(), node);
        node.sorted().forEach(this::index);
    }

    /**
     * Loads the tree to which a directory belongs: the nearest directory with a {@code .fmf} directory, at or above it.
     *
     * <p>Blocks until all metadata files of the tree are read. Does not react to interrupts.
     *
     * @param path a directory
     * @return the whole tree, even if the path is a directory inside it
     * @throws FmfException the first error in the tree, with up to 100 errors of other files suppressed
     */
    public static FmfTree load(Path path) {
        var root = FmfRoot.of(path);
        var nodes = TreeReader.read(root);
        return inherited(root.directory(), nodes.root(), !nodes.aliased());
    }

    /**
     * Creates a tree from a mapping in memory, which has the structure of a {@code main.fmf}.
     *
     * @param data the mapping, of plain Java values
     * @return the tree, without directory and sources
     * @throws FmfException if the mapping is empty or is not valid metadata
     */
    public static FmfTree of(Map<String, ? extends @Nullable Object> data) {
        if (data.isEmpty()) {
            throw new FmfException(Kind.GENERAL, "Could not create a tree from an empty mapping");
        }
        var top = NodeBuilder.root();
        top.update(JavaValues.mapping(data));
        return inherited(null, top, true);
    }

    /**
     * Creates a tree from a single YAML file, which does not have to be in a directory with metadata.
     *
     * @param file the file
     * @return the tree, without directory
     * @throws FmfException if the file cannot be read or does not contain a mapping
     */
    public static FmfTree ofFile(Path file) {
        var document = MetadataFile.read(file);
        var top = NodeBuilder.root();
        top.addSource(file);
        try {
            top.update(document.value());
        } catch (NodeBuilder.InvalidContent e) {
            throw e.at(file + ":" + Math.max(1, e.line(file, top)));
        } catch (FmfException e) {
            throw e.at(file.toString());
        }
        return inherited(null, top, !document.aliased());
    }

    private static FmfTree inherited(@Nullable Path directory, NodeBuilder top, boolean unshared) {
        top.inherit(new Merge(new Limits.Work(), unshared));
        return new FmfTree(directory, top, unshared);
    }

    /** {@return the root node, named {@code /}} */
    public FmfNode root() {
        return root;
    }

    /** {@return the directory that contains the {@code .fmf} directory; empty unless the tree was loaded from one} */
    public Optional<Path> directory() {
        return Optional.ofNullable(directory);
    }

    /**
     * Adjusts all nodes to a context with the default options.
     *
     * @param context the environment in which the metadata are used
     * @return a new tree; adjusting it again applies the rules again
     * @throws FmfException if a rule is invalid or cannot be merged
     */
    public FmfTree adjust(FmfContext context) {
        return adjust(context, FmfAdjustment.defaults());
    }

    /**
     * Adjusts all nodes to a context.
     *
     * @param context the environment in which the metadata are used
     * @param options the options
     * @return a new tree; adjusting it again applies the rules again
     * @throws FmfException if a rule is invalid or cannot be merged, or if its condition cannot be decided and {@link
     *     FmfAdjustment#withFailUndecided} is set
     */
    public FmfTree adjust(FmfContext context, FmfAdjustment options) {
        var unsharedResult = unshared && options.additionalRules().isEmpty();
        return new FmfTree(directory, new Adjuster(context, options, unsharedResult).adjust(root), unsharedResult);
    }

    /**
     * Looks up a node.
     *
     * @param name the full name, such as {@code /tests/core}
     * @return the node with exactly this name, if it exists
     */
    public Optional<FmfNode> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /**
     * Lists the {@linkplain FmfNode#selected selected} nodes: by default the leaves.
     *
     * @return the nodes, parents before their children, siblings by name
     */
    public List<FmfNode> climb() {
        return climb(false);
    }

    /**
     * Lists nodes.
     *
     * @param whole true to list all nodes, false to list only those that are {@linkplain FmfNode#selected selected}
     * @return the nodes, parents before their children, siblings by name
     */
    public List<FmfNode> climb(boolean whole) {
        return root.climb(whole);
    }

    /**
     * Lists the nodes that match a query.
     *
     * @param query the query
     * @return the nodes, parents before their children, siblings by name
     * @throws FmfException if a regular expression of the query is invalid
     */
    public List<FmfNode> prune(FmfQuery query) {
        var found = new ArrayList<FmfNode>();
        for (var node : climb(query.whole())) {
            if (query.matches(node)) {
                found.add(node);
            }
        }
        return List.copyOf(found);
    }
}
