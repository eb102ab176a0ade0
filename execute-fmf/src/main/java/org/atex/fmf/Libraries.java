package org.atex.fmf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches the libraries that tests require, and what those require in turn. For one thread. */
final class Libraries {
    private static final Logger LOG = LoggerFactory.getLogger(Libraries.class);
    private static final Pattern SHORT = Pattern.compile("library\\(([^/()]+)(/[^()]+)\\)");

    private final Settings settings;
    private final Map<FmfId, FmfTree> trees = new HashMap<>();
    /** The directory of each tree with libraries, by where it goes below {@code libs/}. */
    private final TreeMap<String, Path> places = new TreeMap<>();

    Libraries(Settings settings) {
        this.settings = settings;
    }

    /**
     * The packages that a test needs, on its own account and for its libraries.
     *
     * @param requires without these it cannot run
     * @param recommends these are nice to have
     */
    record Needs(Set<String> requires, Set<String> recommends) {}

    /**
     * A library, as a node of a tree.
     *
     * @param place where its tree goes below {@code libs/}
     */
    private record Library(FmfNode node, FmfTree tree, String place) {
        Path directory() {
            return tree.directory().orElseThrow();
        }
    }

    /** One who requires. */
    private record Asker(FmfNode node, @Nullable FmfTree tree, String chain) {
        String identity() {
            return (tree == null ? "" : tree.directory().map(Path::toString).orElse("")) + " " + node.name();
        }
    }

    /**
     * {@return the packages that a test needs, its libraries being fetched}
     *
     * @param test its node
     * @param who what it is called, and where it is from, for messages
     * @param tree the tree that has it; null if that has no metadata
     */
    Needs needs(FmfNode test, String who, @Nullable FmfTree tree) throws InterruptedException {
        Needs needs = new Needs(new LinkedHashSet<>(), new LinkedHashSet<>());
        follow(new Asker(test, tree, "The test " + who), needs, new HashSet<>());
        return needs;
    }

    private void follow(Asker asker, Needs needs, Set<String> seen) throws InterruptedException {
        // Whoever requires each other has been here.
        if (!seen.add(asker.identity())) {
            return;
        }
        for (Object item : items(asker.node, "require")) {
            require(asker, item, needs.requires, needs, seen);
        }
        for (Object item : items(asker.node, "recommend")) {
            try {
                require(asker, item, needs.recommends, needs, seen);
            } catch (FmfException e) {
                LOG.info("{}; it is only recommended", e.getMessage());
            }
        }
    }

    private static List<?> items(FmfNode node, String key) {
        Object value = node.data().get(key);
        return value == null ? List.of() : Lists.like(value);
    }

    private void require(Asker asker, @Nullable Object item, Set<String> packages, Needs needs, Set<String> seen)
            throws InterruptedException {
        Map<?, ?> identifier;
        if (item instanceof Map<?, ?> map) {
            identifier = map;
        } else {
            String text = String.valueOf(item);
            Matcher library = SHORT.matcher(text);
            if (item == null || !library.matches()) {
                packages.add(text);
                return;
            }
            identifier = Map.of(
                    "url", settings.libraryUrl() + "/" + library.group(1),
                    "nick", library.group(1),
                    "name", library.group(2));
        }
        // All files of a tree are with the tests anyway.
        Object type = identifier.containsKey("type") ? identifier.get("type") : "library";
        if (!settings.libraries() || "file".equals(type)) {
            return;
        }
        String chain = asker.chain + " requires the library " + GitUrl.redact(String.valueOf(item));
        Library library;
        try {
            if (!"library".equals(type)) {
                throw wrong("has the type '" + type + "': there are library and file");
            }
            if (item instanceof Map) {
                requireTrusted(identifier);
            }
            library = find(identifier, asker.tree);
            place(library);
        } catch (FmfException e) {
            throw new FmfException(e.kind(), chain + ": " + e.getMessage(), e);
        }
        follow(new Asker(library.node, library.tree, chain + ", which"), needs, seen);
    }

    /** Those of the short form are where the user's program says. */
    private void requireTrusted(Map<?, ?> identifier) {
        FmfId id = FmfId.of(identifier);
        if (id.url() != null) {
            settings.trust().requireUrl("it", id.url());
        } else if (identifier.containsKey("path")) {
            settings.trust().requireLocal("it", id.path());
        }
        if (id.ref() != null) {
            Trust.requireRef("it", id.ref());
        }
    }

    private static FmfException wrong(String what) {
        return new FmfException(FmfException.Kind.REFERENCE, "it " + what, null);
    }

    private Library find(Map<?, ?> identifier, @Nullable FmfTree asking) throws InterruptedException {
        FmfId id = FmfId.of(identifier);
        String nick = identifier.get("nick") instanceof String given ? given : "";
        if (id.url() == null && !identifier.containsKey("path")) {
            if (nick.isEmpty() || !identifier.containsKey("name")) {
                throw wrong("has neither url nor path: then nick and name say which part of this tree it is");
            }
            if (asking == null) {
                throw wrong("has neither url nor path, and the test's own repository has no metadata");
            }
            FmfNode node = asking.find(id.name())
                    .orElseThrow(() -> wrong("is missing: there is no node " + id.name() + " in this tree"));
            return new Library(node, asking, checked(nick));
        }
        String inside = id.url() == null ? "" : id.path().replaceFirst("^[./]+", "");
        String place = checked(nick.isEmpty() ? last(id) : nick) + (inside.isEmpty() ? "" : "/" + inside);
        FmfTree tree = trees.get(id.withName("/"));
        if (tree == null) {
            tree = settings.cache().tree(id).adjust(settings.context());
            trees.put(id.withName("/"), tree);
        }
        return new Library(FmfCache.find(tree, id), tree, place);
    }

    private static String last(FmfId id) {
        String of = id.url() == null ? id.path() : id.url();
        return of.replaceFirst("/+$", "").replaceFirst(".*[/:]", "").replaceFirst("\\.git$", "");
    }

    private static String checked(String nick) {
        if (nick.isEmpty() || nick.contains("/") || nick.equals(".") || nick.equals("..")) {
            throw wrong("needs a nick that can be the name of a directory, not '" + nick + "'");
        }
        return nick;
    }

    private void place(Library library) {
        Path before = places.putIfAbsent(library.place, library.directory());
        if (before != null && !before.equals(library.directory())) {
            throw wrong("would be at libs/" + library.place + ", where that of " + before
                    + " is: give one of them another nick, or both the same ref");
        }
    }

    /** {@return the directories with all libraries so far} */
    List<FmfSource> sources() {
        List<FmfSource> sources = new ArrayList<>();
        places.forEach((place, directory) -> {
            boolean inside = places.entrySet().stream()
                    .anyMatch(other -> place.startsWith(other.getKey() + "/")
                            && Files.isDirectory(other.getValue()
                                    .resolve(place.substring(other.getKey().length() + 1))));
            if (!inside) {
                sources.add(new FmfSource("libs/" + place, directory));
            }
        });
        return sources;
    }
}
