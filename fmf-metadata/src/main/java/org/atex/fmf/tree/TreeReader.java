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
 * Reads the files of a tree into drafts.
 *
 * <p>First the directories are walked, then all files are parsed, by as many threads as there are processors; last
 * their contents are applied one after another, so that order and first error are the reference's.
 */
final class TreeReader {
    /** Fewer files than this are not worth the threads. */
    private static final int PARALLEL_FROM = 8;

    /** So many errors say enough. */
    private static final int MAX_ERRORS = 100;

    private final FmfRoot root;
    private final Map<Path, Parsed> parsed = new HashMap<>();
    private final List<FmfException> errors = new ArrayList<>();
    private boolean aliased;

    /** What became of a file. */
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
     * What was read.
     *
     * @param root the root of the drafts
     * @param aliased whether one object may be in several places in them
     */
    record Drafts(Draft root, boolean aliased) {}

    /** {@return the drafts, or throws the first error with the others suppressed} */
    static Drafts read(FmfRoot root) {
        return new TreeReader(root).read();
    }

    private Drafts read() {
        var directory = Directory.walk(root.directory(), includedOrNone());
        parse(directory);
        var draft = Draft.root();
        grow(draft, directory);
        if (!errors.isEmpty()) {
            var first = errors.getFirst();
            errors.stream().skip(1).limit(MAX_ERRORS).forEach(first::addSuppressed);
            throw first;
        }
        return new Drafts(draft, aliased);
    }

    /** The error of a bad configuration has its turn where the reference looks at it. */
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

    private void grow(Draft node, Directory directory) {
        for (var file : directory.files()) {
            attempt(() -> apply(node, file));
        }
        if (directory.hidden()) {
            attempt(root::included);
        }
        for (var child : directory.directories()) {
            attempt(() -> grow(node.child(child.name()), child));
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

    private void apply(Draft node, Path file) {
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
        } catch (Draft.Rejected e) {
            throw e.at(file + ":" + Math.max(1, e.line(file, described)));
        } catch (FmfException e) {
            throw e.at(file.toString());
        }
    }
}
