package org.atex.fmf.tree;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the cases of the conformance corpus. */
final class Corpus {
    private Corpus() {}

    /** {@return the files with expected answers below a folder, for cases with a prefix} */
    static List<Path> expectations(Path folder, String prefix) {
        try (Stream<Path> files = Files.find(folder, 2, (file, attributes) -> isExpectation(folder, file, prefix))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isExpectation(Path folder, Path file, String prefix) {
        var name = file.getFileName().toString();
        return name.startsWith("expected")
                && name.endsWith(".json")
                && folder.relativize(file).toString().startsWith(prefix);
    }

    /** {@return the expected answer in a file, with the abbreviations of the format expanded} */
    static Map<String, @Nullable Object> expectation(Path file) {
        var expected = new LinkedHashMap<String, @Nullable Object>(Conformance.map(Json.read(file)));
        if (expected.containsKey("error")) {
            return expected;
        }
        if (expected.remove("base") instanceof String base) {
            resolve(expected, expectation(file.resolveSibling(base)));
        }
        var whole = (List<?>) Objects.requireNonNull(expected.get("whole"));
        var prunes = new ArrayList<@Nullable Object>();
        for (var prune : (List<?>) Objects.requireNonNull(expected.get("prunes"))) {
            prunes.add(withoutRanges(Conformance.map(prune), whole));
        }
        expected.put("prunes", prunes);
        return expected;
    }

    private static void resolve(Map<String, @Nullable Object> expected, Map<String, @Nullable Object> base) {
        expected.putIfAbsent("whole", base.get("whole"));
        var known = new HashMap<@Nullable Object, Map<String, @Nullable Object>>();
        for (var kind : List.of("nodes", "branches")) {
            for (var node : (List<?>) Objects.requireNonNull(base.get(kind))) {
                known.put(Conformance.map(node).get("name"), Conformance.map(node));
            }
        }
        for (var kind : List.of("nodes", "branches")) {
            var nodes = (List<?>) Objects.requireNonNull(expected.get(kind));
            expected.put(kind, nodes.stream().map(node -> resolve(node, known)).toList());
        }
        var prunes = new ArrayList<@Nullable Object>();
        for (var prune : (List<?>) Objects.requireNonNull(expected.get("prunes"))) {
            var earlier = (List<?>) Objects.requireNonNull(base.get("prunes"));
            prunes.add(prune instanceof Long number ? earlier.get(number.intValue()) : prune);
        }
        expected.put("prunes", prunes);
    }

    private static Map<String, @Nullable Object> resolve(
            @Nullable Object node, Map<@Nullable Object, Map<String, @Nullable Object>> known) {
        if (node instanceof String name) {
            return Objects.requireNonNull(known.get(name));
        }
        var map = Conformance.map(node);
        if (map.containsKey("data")) {
            return map;
        }
        var base = Objects.requireNonNull(known.get(map.get("name")));
        var data = new LinkedHashMap<String, @Nullable Object>(Conformance.map(base.get("data")));
        data.keySet().removeAll((List<?>) Objects.requireNonNull(map.get("unset")));
        data.putAll(Conformance.map(map.get("set")));
        var resolved = new LinkedHashMap<String, @Nullable Object>(base);
        resolved.put("data", data);
        return resolved;
    }

    private static Map<String, @Nullable Object> withoutRanges(Map<String, @Nullable Object> prune, List<?> whole) {
        if (!(prune.get("ranges") instanceof List<?> ranges)) {
            return prune;
        }
        var result = new ArrayList<@Nullable Object>();
        for (var range : ranges) {
            var both = (List<?>) Objects.requireNonNull(range);
            result.addAll(whole.subList(number(both.getFirst()), number(both.getLast()) + 1));
        }
        var resolved = new LinkedHashMap<String, @Nullable Object>(prune);
        resolved.put("result", result);
        return resolved;
    }

    private static int number(@Nullable Object value) {
        return ((Long) Objects.requireNonNull(value)).intValue();
    }

    /** {@return the request for an expected answer} */
    static Map<String, @Nullable Object> request(Map<String, @Nullable Object> expected, Path tree) {
        var request = new LinkedHashMap<String, @Nullable Object>();
        request.put("op", "tree");
        request.put(
                "tree",
                tree.resolve((String) Objects.requireNonNull(expected.get("root")))
                        .toString());
        request.put("context", expected.get("context"));
        request.put("options", expected.get("options"));
        request.put("prunes", expected.get("prunes"));
        return request;
    }

    /**
     * DeepCopier the tree of a case and restores its symbolic links, which some tools do not preserve: the links listed
     * in a file {@code links} beside the tree, and files that contain only the path of another file.
     */
    static Path copy(Path folder, Path target) throws IOException {
        var tree = folder.resolve("tree");
        try (Stream<Path> all = Files.walk(tree)) {
            for (var file : (Iterable<Path>) all::iterator) {
                copyFile(file, target.resolve(tree.relativize(file).toString()));
            }
        }
        var links = folder.resolve("links");
        for (var line : Files.exists(links) ? Files.readAllLines(links) : List.<String>of()) {
            var link = target.resolve(line.substring(0, line.indexOf(" -> ")));
            Files.createDirectories(Objects.requireNonNull(link.getParent()));
            Files.createSymbolicLink(link, Path.of(line.substring(line.indexOf(" -> ") + 4)));
        }
        return target;
    }

    private static void copyFile(Path file, Path copy) throws IOException {
        if (Files.isDirectory(file)) {
            Files.createDirectories(copy);
            return;
        }
        var link = linkTarget(file);
        if (link != null) {
            Files.createSymbolicLink(copy, Path.of(link));
        } else {
            Files.write(copy, Files.readAllBytes(file));
        }
    }

    private static @Nullable String linkTarget(Path file) throws IOException {
        if (Files.isSymbolicLink(file)) {
            return Files.readSymbolicLink(file).toString();
        }
        var bytes = Files.readAllBytes(file);
        var text = new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
        return !text.isBlank()
                        && text.length() < 200
                        && text.endsWith(".fmf")
                        && Files.isRegularFile(file.resolveSibling(text))
                ? text
                : null;
    }
}
