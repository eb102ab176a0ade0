package org.atex.fmf.tree;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the files of a tree into mutable nodes.
 *
 * <p>Lists the directories, then parses all files, in parallel if there are many. Finally applies their contents one
 * after another in the calling thread, so that the order of the data and the first error are those of Python fmf.
 */
final class TreeReader {
    /** From this number of files on they are parsed in the common fork-join pool. */
    private static final int PARALLEL_FROM = 8;

    /** Maximum number of suppressed errors. */
    private static final int MAX_ERRORS = 100;

    private final FmfRoot root;
    private final Map<Path, Parsed> parsed = new HashMap<>();
    private final List<FmfException> errors = new ArrayList<>();
    private boolean aliased;

    /** The content of a file, or the error that occurred when it was read. */
    private record Parsed(
            YamlReader.@Nullable Document document,
            @Nullable FmfException error) {
        static Parsed of(Path file) {
            try {
                return new Parsed(MetadataFile.read(file), null);
            } catch (FmfException e) {
                return new Parsed(null, e);
            }
        }
    }

    private TreeReader(FmfRoot root) {
        this.root = root;
    }

    /**
     * The nodes read from the files of a tree.
     *
     * @param root the root node
     * @param aliased whether a YAML alias occurs, so that one object may be in several places
     */
    record Nodes(NodeBuilder root, boolean aliased) {}

    /**
     * {@return the nodes of a tree, before inheritance}
     *
     * @throws FmfException the first error, with the others suppressed
     */
    static Nodes read(FmfRoot root) {
        return new TreeReader(root).read();
    }

    private Nodes read() {
        var directory = Directory.walk(root.directory(), includedOrNone());
        parse(directory);
        var top = NodeBuilder.root();
        build(top, directory);
        if (!errors.isEmpty()) {
            var first = errors.getFirst();
            errors.stream().skip(1).limit(MAX_ERRORS).forEach(first::addSuppressed);
            throw first;
        }
        return new Nodes(top, aliased);
    }

    // An error in the configuration is reported later, in the directory where Python fmf detects it: see build.
    private Set<String> includedOrNone() {
        try {
            return root.included();
        } catch (FmfException e) {
            return Set.of();
        }
    }

    private void parse(Directory directory) {
        var files = new ArrayList<Path>();
        collect(directory, files);
        Stream<Path> stream = files.size() < PARALLEL_FROM ? files.stream() : files.parallelStream();
        var contents = stream.map(Parsed::of).toList();
        for (var i = 0; i < contents.size(); i++) {
            parsed.put(files.get(i), contents.get(i));
        }
    }

    private static void collect(Directory directory, List<Path> files) {
        files.addAll(directory.files());
        directory.directories().forEach(child -> collect(child, files));
    }

    private void build(NodeBuilder node, Directory directory) {
        for (var file : directory.files()) {
            attempt(() -> apply(node, file));
        }
        if (directory.hidden()) {
            // Python fmf reads the configuration in directories with hidden entries, after the files there.
            attempt(root::included);
        }
        for (var child : directory.directories()) {
            attempt(() -> build(node.child(child.name()), child));
        }
        node.prune();
    }

    private void attempt(Runnable step) {
        try {
            step.run();
        } catch (FmfException e) {
            if (errors.size() <= MAX_ERRORS) {
                errors.add(e);
            }
        }
    }

    private void apply(NodeBuilder node, Path file) {
        var content = Objects.requireNonNull(parsed.get(file));
        if (content.error != null) {
            throw content.error;
        }
        var document = Objects.requireNonNull(content.document);
        aliased |= document.aliased();
        var name = Directory.nodeName(file);
        var described = name.isEmpty() ? node : node.child(name);
        described.addSource(file);
        described.reading(file);
        try {
            if (name.isEmpty()) {
                described.update(document.value());
            } else {
                described.updateOrIgnore(document.value());
            }
        } catch (NodeBuilder.InvalidContent e) {
            throw e.at(file + ":" + Math.max(1, e.line(file, described)));
        } catch (FmfException e) {
            throw e.at(file.toString());
        }
    }
}
