package org.atex.fmf.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** Property-based tests of trees. */
class FmfLawsTest {
    private static final FmfContext CONTEXT = FmfContext.empty().with("distro", "fedora-41");

    /** Data in which each key has values of one type, so that all operators can be applied. */
    @Provide
    Arbitrary<Map<String, Object>> data() {
        var text = Arbitraries.strings().withChars("ab").ofMaxLength(3).map(value -> (Object) value);
        var texts = text.list().ofMaxSize(3).map(value -> (Object) value);
        var mapping = Arbitraries.maps(Arbitraries.of("k", "l", "k+", "m"), text)
                .ofMaxSize(3)
                .map(value -> (Object) value);
        var patterns = Arbitraries.of("a", "b+", "^$").map(value -> (Object) value);
        var entry = Arbitraries.oneOf(
                entries(text, "t", "t+", "t+<"),
                entries(patterns, "t-", "t-~", "l-~"),
                entries(Arbitraries.of("/a/b/", ",b,,").map(value -> (Object) value), "t~", "l~"),
                entries(texts, "l", "l+", "l+<", "l-"),
                entries(mapping, "m", "m+", "m+<"),
                entries(Arbitraries.integers().between(-9, 9).map(value -> (Object) value), "n", "n+", "n-"));
        return entry.list().ofMaxSize(6).map(FmfLawsTest::collect);
    }

    private static Arbitrary<Map.Entry<String, Object>> entries(Arbitrary<Object> values, String... keys) {
        return Arbitraries.of(keys).flatMap(key -> values.map(value -> Map.entry(key, value)));
    }

    private static Map<String, Object> collect(List<Map.Entry<String, Object>> entries) {
        var map = new LinkedHashMap<String, Object>();
        entries.forEach(entry -> map.put(entry.getKey(), entry.getValue()));
        return map;
    }

    /** A tree three levels deep. */
    @Provide
    Arbitrary<Map<String, Object>> trees() {
        return level(level(data(), "/x", "/y"), "/a", "/b", "/a-b").map(tree -> {
            tree.put("base", "1");
            return tree;
        });
    }

    private Arbitrary<Map<String, Object>> level(Arbitrary<Map<String, Object>> below, String... names) {
        var children = Arbitraries.maps(Arbitraries.of(names), below).ofMaxSize(names.length);
        return net.jqwik.api.Combinators.combine(data(), children).as((own, nodes) -> {
            var all = new LinkedHashMap<>(own);
            all.putAll(nodes);
            return all;
        });
    }

    private static Map<String, Map<String, @Nullable Object>> contents(FmfTree tree) {
        var contents = new LinkedHashMap<String, Map<String, @Nullable Object>>();
        tree.climb(true).forEach(node -> contents.put(node.name(), node.data()));
        return contents;
    }

    @Property(tries = 200)
    void inheritanceIsAssociativeWithDepth(
            @ForAll("data") Map<String, Object> top,
            @ForAll("data") Map<String, Object> middle,
            @ForAll("data") Map<String, Object> bottom) {
        var below = new LinkedHashMap<>(middle);
        below.put("/b", bottom);
        var root = new LinkedHashMap<>(top);
        root.put("/a", below);
        var tree = FmfTree.of(root);

        var merged = new LinkedHashMap<String, @Nullable Object>(
                tree.find("/a").orElseThrow().data());
        merged.put("/b", bottom);
        assertThat(FmfTree.of(merged).find("/b").orElseThrow().data())
                .isEqualTo(tree.find("/a/b").orElseThrow().data());
    }

    @Property(tries = 200)
    void adjustingWithoutRulesChangesNothing(@ForAll("trees") Map<String, Object> data) {
        var tree = FmfTree.of(data);
        assertThat(contents(tree.adjust(FmfContext.empty()))).isEqualTo(contents(tree));
        assertThat(contents(tree.adjust(CONTEXT))).isEqualTo(contents(tree));
    }

    @Property(tries = 200)
    void rulesWithFalseConditionsChangeNothing(
            @ForAll("trees") Map<String, Object> data, @ForAll("data") Map<String, Object> rule) {
        var conditional = new LinkedHashMap<>(rule);
        conditional.put("when", "distro == rhel or arch == s390x");
        var root = new LinkedHashMap<>(data);
        root.put("adjust", List.of(conditional));
        var tree = FmfTree.of(root);
        assertThat(contents(tree.adjust(CONTEXT))).isEqualTo(contents(tree));
    }

    @Property(tries = 200)
    void adjustingDoesNotChangeTheOriginalTree(@ForAll("trees") Map<String, Object> data) {
        var root = new LinkedHashMap<>(data);
        root.put("adjust", List.of(Map.of("m", Map.of("k", "1")), Map.of("m+", Map.of("l", "2"), "when", "true")));
        var tree = FmfTree.of(root);
        var before = contents(tree).toString();
        var adjusted = tree.adjust(CONTEXT);
        assertThat(contents(tree).toString()).isEqualTo(before);
        assertThat(adjusted.climb(true))
                .allSatisfy(node -> assertThat(node.map("m")).containsKeys("k", "l"));
    }

    @Property(tries = 200)
    void pruningCommutesWithClimbing(@ForAll("trees") Map<String, Object> data) {
        var tree = FmfTree.of(data);
        var query = FmfQuery.all().filter("t: a.*").name("a").key("l");
        for (var whole : List.of(true, false)) {
            var kept = tree.climb(whole).stream().filter(query::matches).toList();
            assertThat(tree.prune(query.whole(whole))).isEqualTo(kept);
        }
    }

    @Property(tries = 200)
    void narrowerQueriesIntersect(@ForAll("trees") Map<String, Object> data) {
        var tree = FmfTree.of(data);
        var one = FmfQuery.all().whole(true).filter("l: -a");
        var both = one.where(node -> node.text("t", "").contains("b"));
        var expected = new ArrayList<>(tree.prune(one));
        expected.retainAll(tree.prune(
                FmfQuery.all().whole(true).where(node -> node.text("t", "").contains("b"))));
        assertThat(tree.prune(both)).isEqualTo(expected);
    }

    @Property(tries = 200)
    void orderOfSiblingsDoesNotMatter(@ForAll("trees") Map<String, Object> data, @ForAll long seed) {
        var children = new ArrayList<>(
                data.keySet().stream().filter(key -> key.startsWith("/")).toList());
        Collections.shuffle(children, new Random(seed));
        var shuffled = new LinkedHashMap<>(data);
        children.forEach(key -> shuffled.putLast(key, data.get(key)));
        assertThat(contents(FmfTree.of(shuffled))).isEqualTo(contents(FmfTree.of(data)));
    }

    @Property(tries = 200)
    void pathsAsKeysEqualNestedKeys(@ForAll("trees") Map<String, Object> data) {
        var flat = new LinkedHashMap<String, @Nullable Object>();
        flatten("", data, flat);
        assertThat(contents(FmfTree.of(flat))).isEqualTo(contents(FmfTree.of(data)));
    }

    private static void flatten(String path, Map<?, ?> data, Map<String, @Nullable Object> flat) {
        var own = new LinkedHashMap<String, @Nullable Object>();
        data.forEach((key, value) -> {
            if (key.toString().startsWith("/") && value instanceof Map<?, ?> child) {
                flatten(path + key, child, flat);
            } else {
                own.put(key.toString(), value);
            }
        });
        if (path.isEmpty()) {
            flat.putAll(own);
        } else {
            flat.put(path, own);
        }
    }

    @Property(tries = 200)
    void filesAndMappingsGiveEqualTrees(@ForAll("trees") Map<String, Object> data) throws IOException {
        var root = Files.createTempDirectory("fmf");
        try {
            Files.createDirectory(root.resolve(".fmf"));
            Files.writeString(root.resolve(".fmf/version"), "1\n");
            Files.writeString(root.resolve("main.fmf"), Json.write(data));
            assertThat(contents(FmfTree.load(root))).isEqualTo(contents(FmfTree.of(data)));
        } finally {
            Files.deleteIfExists(root.resolve("main.fmf"));
            Files.deleteIfExists(root.resolve(".fmf/version"));
            Files.deleteIfExists(root.resolve(".fmf"));
            Files.deleteIfExists(root);
        }
    }

    @Property(tries = 200)
    void dataCannotBeChanged(@ForAll("trees") Map<String, Object> data) {
        for (var node : FmfTree.of(data).climb(true)) {
            assertThatThrownBy(() -> node.data().put("t", 1)).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> node.data().clear()).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> node.list("l").add(1)).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> node.children().clear()).isInstanceOf(UnsupportedOperationException.class);
        }
    }
}
