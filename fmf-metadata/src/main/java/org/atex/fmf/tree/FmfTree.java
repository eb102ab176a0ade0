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
 * A tree of fmf metadata, inherited and merged.
 *
 * <p>Immutable, and so safe to use by any number of threads. Adjusting makes a new tree.
 */
public final class FmfTree {
    private final @Nullable Path directory;
    private final FmfNode root;

    /** Whether no two nodes share a mapping, as aliases make them do. Adjusting one then adjusts the others, too. */
    private final boolean apart;

    private final Map<String, FmfNode> byName = new LinkedHashMap<>();

    private FmfTree(@Nullable Path directory, Draft draft, boolean apart) {
        this.directory = directory;
        this.apart = apart;
        draft.settle();
        this.root = FmfNode.of(draft, directory);
        index(root);
    }

    private void index(FmfNode node) {
        byName.putIfAbsent(node.name(), node);
        node.sorted().forEach(this::index);
    }

    /**
     * Loads the tree that a directory belongs to.
     *
     * <p>Blocks for as long as reading all metadata files of the tree takes.
     *
     * @param path a directory; its tree is the nearest at or above it
     * @return the tree, whole also if the path is inside
     * @throws FmfException the first error in the tree, with those of other files suppressed
     */
    public static FmfTree load(Path path) {
        var root = FmfRoot.of(path);
        var drafts = TreeReader.read(root);
        return inherited(root.directory(), drafts.root(), !drafts.aliased());
    }

    /**
     * Makes a tree of a mapping in memory: what a single {@code main.fmf} would hold.
     *
     * @param data the mapping, of plain Java values
     * @return the tree, without directory and sources
     * @throws FmfException if the mapping is empty or is not good metadata
     */
    public static FmfTree of(Map<String, ? extends @Nullable Object> data) {
        if (data.isEmpty()) {
            throw new FmfException(Kind.GENERAL, "There is no tree in an empty mapping");
        }
        var draft = Draft.root();
        draft.update(JavaValues.mapping(data));
        return inherited(null, draft, true);
    }

    /**
     * Reads a single file of YAML, as if it were all that a tree has.
     *
     * @param file the file
     * @return the tree, without directory
     * @throws FmfException if the file cannot be read, or holds no mapping
     */
    public static FmfTree ofFile(Path file) {
        var document = MetadataFile.read(file);
        var draft = Draft.root();
        draft.addSource(file);
        try {
            draft.update(document.value());
        } catch (Draft.Rejected e) {
            throw e.at(file + ":" + Math.max(1, e.line(file, draft)));
        } catch (FmfException e) {
            throw e.at(file.toString());
        }
        return inherited(null, draft, !document.aliased());
    }

    private static FmfTree inherited(@Nullable Path directory, Draft draft, boolean apart) {
        draft.inherit(new Merge(new Limits.Work(), apart));
        return new FmfTree(directory, draft, apart);
    }

    /** {@return the node at the top, whose name is {@code /}} */
    public FmfNode root() {
        return root;
    }

    /** {@return the directory that holds the {@code .fmf} directory; nothing for a tree made in memory} */
    public Optional<Path> directory() {
        return Optional.ofNullable(directory);
    }

    /**
     * Adjusts all nodes to a context with the usual options.
     *
     * @param context what is known about where the metadata are to be used
     * @return a new tree; adjusting that once more applies the rules once more
     * @throws FmfException if a rule is not written as it must be or cannot be merged
     */
    public FmfTree adjust(FmfContext context) {
        return adjust(context, FmfAdjustment.defaults());
    }

    /**
     * Adjusts all nodes to a context.
     *
     * @param context what is known about where the metadata are to be used
     * @param options how to adjust
     * @return a new tree
     * @throws FmfException if a rule is not written as it must be, cannot be merged, or cannot be decided where that
     *     is asked for
     */
    public FmfTree adjust(FmfContext context, FmfAdjustment options) {
        var separate = apart && options.additionalRules().isEmpty();
        return new FmfTree(directory, new Adjuster(context, options, separate).adjust(root), separate);
    }

    /**
     * Looks up a node.
     *
     * @param name the full name, such as {@code /tests/core}
     * @return the node, if there is one of exactly that name
     */
    public Optional<FmfNode> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /**
     * Lists the nodes that count: leaves, and what says {@code select: true}.
     *
     * @return the nodes, each before those below it, siblings by name
     */
    public List<FmfNode> climb() {
        return climb(false);
    }

    /**
     * Lists nodes.
     *
     * @param whole all of them, not only those that count
     * @return the nodes, each before those below it, siblings by name
     */
    public List<FmfNode> climb(boolean whole) {
        return root.climb(whole);
    }

    /**
     * Lists the nodes that answer a query.
     *
     * @param query what is asked for
     * @return the nodes, each before those below it, siblings by name
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
