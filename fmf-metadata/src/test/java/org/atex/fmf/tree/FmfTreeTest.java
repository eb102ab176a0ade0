package org.atex.fmf.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the public API. */
class FmfTreeTest {
    @TempDir
    private Path root;

    private void write(String name, String text) throws IOException {
        var file = root.resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, text);
    }

    @Test
    void treeIsLoadedAdjustedAndPruned() throws IOException {
        write(".fmf/version", "1\n");
        write("main.fmf", "duration: 5m\ntag: [all]\nadjust: {when: distro >= fedora-40, duration: 10m}\n");
        write("core/main.fmf", "tag+: [core]\n/one:\n  test: ./one.sh\n/two:\n  test: ./two.sh\n  tag+: [slow]\n");
        write("core/three.fmf", "test: ./three.sh\n");

        var tree = FmfTree.load(root.resolve("core")).adjust(FmfContext.ofPairs(List.of("distro=fedora-41")));

        assertThat(tree.directory()).contains(root);
        assertThat(tree.climb()).extracting(FmfNode::name).containsExactly("/core/one", "/core/three", "/core/two");
        assertThat(tree.climb())
                .allSatisfy(node -> assertThat(node.text("duration")).contains("10m"));
        assertThat(tree.prune(FmfQuery.all().filter("tag: slow | /one")))
                .extracting(FmfNode::name)
                .containsExactly("/core/one", "/core/two");
        assertThat(tree.prune(FmfQuery.all().source(root.resolve("core/three.fmf"))))
                .containsExactly(tree.find("/core/three").orElseThrow());
    }

    @Test
    void nodesReportTheirFilesAndDirectories() throws IOException {
        write(".fmf/version", "1\n");
        write("main.fmf", "a: 1\n/virtual: {b: 1}\n");
        write("sub/leaf.fmf", "/deep: {c: 1}\n");
        var tree = FmfTree.load(root);
        var deep = tree.find("/sub/leaf/deep").orElseThrow();
        assertThat(deep.sources()).containsExactly(root.resolve("main.fmf"), root.resolve("sub/leaf.fmf"));
        assertThat(deep.directory()).contains(root.resolve("sub"));
        assertThat(deep.parent().orElseThrow().name()).isEqualTo("/sub/leaf");
        assertThat(tree.find("/virtual").orElseThrow().directory()).contains(root);
        assertThat(tree.root().children().keySet()).containsExactly("virtual", "sub");
        assertThat(tree.find("/no")).isEmpty();
    }

    @Test
    void accessorsReturnValuesOfTheirType() {
        var node = FmfTree.of(Map.of(
                        "text",
                        "t",
                        "yes",
                        true,
                        "number",
                        7,
                        "list",
                        List.of("a", "b"),
                        "map",
                        Map.of("A", 1, "B", true)))
                .root();
        assertThat(node.text("text")).contains("t");
        assertThat(node.text("none", "else")).isEqualTo("else");
        assertThat(node.textList("text")).containsExactly("t");
        assertThat(node.textList("list")).containsExactly("a", "b");
        assertThat(node.textList("none")).isEmpty();
        assertThat(node.list("list")).containsExactly("a", "b");
        assertThat(node.bool("yes", false)).isTrue();
        assertThat(node.bool("none", true)).isTrue();
        assertThat(node.integer("number")).contains(7L);
        assertThat(node.map("map")).containsEntry("A", 1L);
        assertThat(node.textMap("map")).containsEntry("A", "1").containsEntry("B", "True");
        assertThat(node.has("none")).isFalse();
    }

    @Test
    void integersBeyond64BitsAreAdded() {
        var big = BigInteger.TEN.pow(30);
        var tree = FmfTree.of(Map.of("n", big, "/a", Map.of("n+", 1)));
        assertThat(tree.find("/a").orElseThrow().data()).containsEntry("n", big.add(BigInteger.ONE));
    }

    @Test
    void adjustingTwiceAppliesTwice() {
        var tree = FmfTree.of(Map.of("n", 1, "adjust", Map.of("n+", 1)));
        var context = FmfContext.empty();
        assertThat(tree.adjust(context).adjust(context).root().integer("n")).contains(3L);
        assertThat(tree.root().integer("n")).contains(1L);
    }

    @Test
    void listenerReceivesTheDecisionAboutEachRule() {
        var tree = FmfTree.of(Map.of(
                "adjust",
                List.of(Map.of("when", "true"), Map.of("when", "a == b"), Map.of("when", "a is defined", "x", 1))));
        var decisions = new ArrayList<String>();
        tree.adjust(
                FmfContext.empty(),
                FmfAdjustment.defaults().withListener((node, rule, decision) -> decisions.add(node + " " + decision)));
        assertThat(decisions).containsExactly("/ TRUE", "/ UNDECIDED", "/ FALSE");
    }

    @Test
    void unchangedInheritedValuesAreShared() {
        var tree = FmfTree.of(
                Map.of("env", Map.of("A", "1"), "/a", Map.of("x", 1), "/b", Map.of("env+", Map.of("B", "2"))));
        assertThat(tree.find("/a").orElseThrow().map("env"))
                .isSameAs(tree.root().map("env"));
        assertThat(tree.find("/b").orElseThrow().map("env")).containsOnlyKeys("A", "B");
        assertThat(tree.root().map("env")).containsOnlyKeys("A");
    }

    @Test
    void contextsAreCreatedFromPairsRulesAndValues() {
        var context = FmfContext.ofPairs(List.of("distro=fedora-41", "arch=x86_64,aarch64"));
        assertThat(context).isEqualTo(FmfContext.parse("distro == fedora-41 and arch == x86_64, aarch64"));
        assertThat(context)
                .isEqualTo(FmfContext.of(Map.of("distro", "fedora-41", "arch", List.of("x86_64", "aarch64"))));
        assertThat(context.decide("arch == aarch64")).isEqualTo(FmfContext.Decision.TRUE);
        assertThat(context.decide("DISTRO == fedora or distro == FEDORA", false))
                .isEqualTo(FmfContext.Decision.TRUE);
        assertThat(context.decide("trigger == commit")).isEqualTo(FmfContext.Decision.UNDECIDED);
    }

    @Test
    void valuesSharedByAliasesStayShared() throws IOException {
        write(".fmf/version", "1\n");
        write("main.fmf", "a: &l [{n: 1}]\na+: *l\nb: &m {n: 1}\nc: *m\n/x:\n  a+: {n+: 1}\n  b+: {n+: 1}\n");
        var data = FmfTree.load(root).find("/x").orElseThrow().data();
        assertThat(data.get("a")).isEqualTo(List.of(Map.of("n", 3L), Map.of("n", 3L)));
        assertThat(data.get("c")).isEqualTo(Map.of("n", 2L)).isSameAs(data.get("b"));
    }

    @Test
    void singleDashInAFlowCollectionIsText() throws IOException {
        write(".fmf/version", "1\n");
        write("main.fmf", "a: [-, -1, a-, '-]']\nb: {c: -}\n");
        var data = FmfTree.load(root).root().data();
        assertThat(data).containsEntry("a", List.of("-", -1L, "a-", "-]")).containsEntry("b", Map.of("c", "-"));
    }

    @Test
    void nodesThatShareAMappingAreAdjustedTogether() throws IOException {
        write(".fmf/version", "1\n");
        write(
                "main.fmf",
                "base: &base {k: [1]}\n"
                        + "/a: {env: *base}\n"
                        + "/b: {env: *base, adjust: {env+: {k+: [2]}}}\n"
                        + "/c: {env: {k: [1]}, adjust: {env+: {k+: [2]}}}\n");
        var before = FmfTree.load(root);
        var tree = before.adjust(FmfContext.empty());
        var one = Map.of("k", List.of(1L));
        var both = Map.of("k", List.of(1L, 2L));
        // A node gets a copy of inherited data, but an alias puts the object itself into it.
        assertThat(tree.find("/a").orElseThrow().data())
                .containsEntry("env", both)
                .containsEntry("base", one);
        assertThat(tree.find("/b").orElseThrow().data())
                .containsEntry("env", both)
                .containsEntry("base", one);
        assertThat(tree.find("/c").orElseThrow().data())
                .containsEntry("env", both)
                .containsEntry("base", one);
        assertThat(tree.root().data()).containsEntry("base", both);
        assertThat(before.root().data()).containsEntry("base", one);
    }

    @Test
    void valuesInASharedMappingAreShared() throws IOException {
        write(".fmf/version", "1\n");
        write("main.fmf", "p: &p {env: {k: [1]}}\n/a: *p\n/b:\n  p+: {env+: {k+: [3]}}\n");
        var rules = List.of(Map.of("when", "true", "env+", Map.of("k+", List.of(2L))));
        var tree = FmfTree.load(root)
                .adjust(
                        FmfContext.empty(),
                        FmfAdjustment.defaults()
                                .withAdditionalRules(rules, node -> node.name().equals("/a")));
        assertThat(tree.find("/a").orElseThrow().map("env")).containsEntry("k", List.of(1L, 2L));
        assertThat(tree.root().map("p")).containsEntry("env", Map.of("k", List.of(1L, 2L)));
        assertThat(tree.find("/b").orElseThrow().map("p")).containsEntry("env", Map.of("k", List.of(1L, 3L)));
    }

    @Test
    void invalidOperandsAreIgnoredIfThereIsNothingToRemove() throws IOException {
        write(".fmf/version", "1\n");
        write("main.fmf", "none: {}\nno: []\none: [a]\n");
        write("sub.fmf", "none-: [[]]\nno-~: 5\none-~: [a, '(']\n");
        assertThat(FmfTree.load(root).find("/sub").orElseThrow().data())
                .isEqualTo(Map.of("none", Map.of(), "no", List.of(), "one", List.of()));
    }
}
