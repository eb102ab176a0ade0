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

/** Resolves the libraries that tests require, and the requirements of these. Fetches their trees. For one thread. */
final class Libraries {
    private static final Logger LOG = LoggerFactory.getLogger(Libraries.class);
    private static final Pattern SHORT = Pattern.compile("library\\(([^/()]+)(/[^()]+)\\)");

    private final DiscoverySettings settings;
    private final Map<FmfId, FmfTree> trees = new HashMap<>();
    /**
     * The root directories of the libraries' trees, by their paths below {@code libs/}. Sorted, so that directories
     * precede those inside them.
     */
    private final TreeMap<String, Path> places = new TreeMap<>();

    Libraries(DiscoverySettings settings) {
        this.settings = settings;
    }

    /**
     * The packages of a test and of its libraries.
     *
     * @param requires packages that must be installed
     * @param recommends packages that are installed if they are available
     */
    record Needs(Set<String> requires, Set<String> recommends) {}

    /**
     * A library.
     *
     * @param node the node of the library
     * @param tree the tree of the node
     * @param place the path of the tree below {@code libs/}
     */
    private record Library(FmfNode node, FmfTree tree, String place) {
        Path directory() {
            return tree.directory().orElseThrow();
        }
    }

    /**
     * A test or library with requirements.
     *
     * @param node its node
     * @param tree the tree of the node; null if it has no metadata
     * @param chain the test and the libraries that lead here, to begin a message
     */
    private record Requirer(FmfNode node, @Nullable FmfTree tree, String chain) {
        String identity() {
            return (tree == null ? "" : tree.directory().map(Path::toString).orElse("")) + " " + node.name();
        }
    }

    /**
     * {@return the packages of a test and of its libraries} Fetches the libraries.
     *
     * @param test the node of the test
     * @param label the name and source of the test, for messages
     * @param tree the tree of the test; null if it has no metadata
     * @throws FmfException if a required library is invalid or cannot be fetched
     */
    Needs needs(FmfNode test, String label, @Nullable FmfTree tree) throws InterruptedException {
        Needs needs = new Needs(new LinkedHashSet<>(), new LinkedHashSet<>());
        collect(new Requirer(test, tree, "The test " + label), needs, new HashSet<>());
        return needs;
    }

    private void collect(Requirer requirer, Needs needs, Set<String> visited) throws InterruptedException {
        // Libraries may require each other.
        if (!visited.add(requirer.identity())) {
            return;
        }
        for (Object item : items(requirer.node, "require")) {
            require(requirer, item, needs.requires, needs, visited);
        }
        for (Object item : items(requirer.node, "recommend")) {
            try {
                require(requirer, item, needs.recommends, needs, visited);
            } catch (FmfException e) {
                LOG.info("{}; it is only recommended, so that the test runs without it", e.getMessage());
            }
        }
    }

    private static List<?> items(FmfNode node, String key) {
        Object value = node.data().get(key);
        return value == null ? List.of() : ListValues.asList(value);
    }

    private void require(
            Requirer requirer, @Nullable Object item, Set<String> packages, Needs needs, Set<String> visited)
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
        // Requirements of files are ignored, as systems get whole trees.
        Object type = identifier.containsKey("type") ? identifier.get("type") : "library";
        if (!settings.libraries() || "file".equals(type)) {
            return;
        }
        String chain = requirer.chain + " requires the library " + GitUrl.redact(String.valueOf(item));
        Library library;
        try {
            if (!"library".equals(type)) {
                throw wrong("has the unknown type '" + type + "': use library or file");
            }
            if (item instanceof Map) {
                requireTrusted(identifier);
            }
            library = find(identifier, requirer.tree);
            assignPlace(library);
        } catch (FmfException e) {
            throw new FmfException(e.kind(), chain + ": " + e.getMessage(), e);
        }
        collect(new Requirer(library.node, library.tree, chain + ", which"), needs, visited);
    }

    /** Checks an identifier that metadata spell out. The location of short forms is chosen by the program. */
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

    private static FmfException wrong(String reason) {
        return new FmfException(FmfException.Kind.REFERENCE, "it " + reason, null);
    }

    private Library find(Map<?, ?> identifier, @Nullable FmfTree ownTree) throws InterruptedException {
        FmfId id = FmfId.of(identifier);
        String nick = identifier.get("nick") instanceof String given ? given : "";
        if (id.url() == null && !identifier.containsKey("path")) {
            if (nick.isEmpty() || !identifier.containsKey("name")) {
                throw wrong("has neither url nor path: it needs nick and name of a library in this tree");
            }
            if (ownTree == null) {
                throw wrong("has neither url nor path, and the repository of the test has no metadata");
            }
            FmfNode node = ownTree.find(id.name())
                    .orElseThrow(() -> wrong("is missing: there is no node " + id.name() + " in this tree"));
            return new Library(node, ownTree, requireNick(nick));
        }
        String inside = id.url() == null ? "" : id.path().replaceFirst("^[./]+", "");
        String place = requireNick(nick.isEmpty() ? defaultNick(id) : nick) + (inside.isEmpty() ? "" : "/" + inside);
        // A tree with several libraries is loaded once.
        FmfTree tree = trees.get(id.withName("/"));
        if (tree == null) {
            tree = settings.cache().tree(id).adjust(settings.context());
            trees.put(id.withName("/"), tree);
        }
        return new Library(FmfCache.find(tree, id), tree, place);
    }

    private static String defaultNick(FmfId id) {
        String location = id.url() == null ? id.path() : id.url();
        return location.replaceFirst("/+$", "").replaceFirst(".*[/:]", "").replaceFirst("\\.git$", "");
    }

    private static String requireNick(String nick) {
        if (nick.isEmpty() || nick.contains("/") || nick.equals(".") || nick.equals("..")) {
            throw wrong("needs a nick that is the name of a directory, but has '" + nick + "'");
        }
        return nick;
    }

    private void assignPlace(Library library) {
        Path other = places.putIfAbsent(library.place, library.directory());
        if (other != null && !other.equals(library.directory())) {
            throw wrong("would be copied to libs/" + library.place + ", like the library of " + other
                    + ": give one of them another nick, or both the same ref");
        }
    }

    /** {@return the directories of all libraries so far} A directory that is part of another one is left out. */
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
