package org.atex.fmf.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.fmf.tree.FmfException.Kind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the messages of errors: cause, place and remedy. */
class FmfErrorsTest {
    @TempDir
    private Path root;

    @BeforeEach
    void version() throws IOException {
        write(".fmf/version", "1\n");
    }

    private void write(String name, String text) throws IOException {
        var file = root.resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, text);
    }

    private FmfException failure() {
        return assertThrows(FmfException.class, () -> FmfTree.load(root));
    }

    private void fails(Kind kind, String... lines) {
        var failure = failure();
        assertThat(failure.getMessage()).isEqualTo(root + "/" + String.join("\n", lines));
        assertThat(failure.kind()).isEqualTo(kind);
    }

    @Test
    void yamlErrorsNameFileAndLineAndShowTheLine() throws IOException {
        write("main.fmf", "a: 1\nb: c: d\n");
        fails(
                Kind.FILE,
                "main.fmf:2: Not valid YAML, a value cannot begin here. Quote the text if the colon is part of it",
                "  b: c: d",
                "      ^");
    }

    @Test
    void duplicateKeysNameFileAndLine() throws IOException {
        write("main.fmf", "a: 1\n\na: 2\n");
        fails(Kind.FILE, "main.fmf:3: Not valid YAML, the mapping has the key \"a\" twice", "  a: 2", "  ^");
    }

    @Test
    void invalidDatesNameFileAndLine() throws IOException {
        write("main.fmf", "a: 1\nb: 2024-02-30\n");
        fails(Kind.INVALID_VALUE, "main.fmf:2: \"2024-02-30\" is not a valid date. Quote it if it is text");
    }

    @Test
    void directiveErrorsNameFileLineAndNode() throws IOException {
        write("tests.fmf", "a: 1\n/x:\n  b: 1\n  /y:\n    /:\n      inherit: yes\n");
        fails(
                Kind.FORMAT,
                "tests.fmf:5: Node /tests/x/y has invalid directives, key \"/\": inherit must be true or false,"
                        + " found 'yes'");
    }

    @Test
    void errorsForKeysThatAreNotTextNameFileLineAndNode() throws IOException {
        write("tests.fmf", "a: 1\n/x:\n  8: b\n");
        fails(
                Kind.INVALID_VALUE,
                "tests.fmf:3: Node /tests/x has the key 8, which is an integer. Keys are text: quote it");
    }

    @Test
    void errorsForContentThatIsNotAMappingNameFileLineAndNode() throws IOException {
        write("tests.fmf", "a: 1\n/x: [1]\n");
        fails(Kind.INVALID_VALUE, "tests.fmf:2: Node /tests/x must be described by a mapping, found a list");
    }

    @Test
    void mergeErrorsNameFileLineNodeKeyAndTypes() throws IOException {
        write("main.fmf", "tag: [a]\n");
        write("tests.fmf", "/x/y:\n  summary: s\n  tag+: b\n");
        fails(Kind.MERGE, "tests.fmf:3: Node /tests/x/y: Key \"tag+\": Could not add text to a list");
    }

    @Test
    void typeErrorsNameFileLineNodeKeyExpectedTypeAndValue() throws IOException {
        write("main.fmf", "tier: 1\ntag: [a]\n");
        write("tests.fmf", "/x:\n  tag+: [5]\n");
        var node = FmfTree.load(root).find("/tests/x").orElseThrow();
        assertThatThrownBy(() -> node.text("tier"))
                .hasMessage(root + "/main.fmf:1: Node /tests/x, key \"tier\": expected text, found an integer: 1");
        assertThatThrownBy(() -> node.textList("tag"))
                .hasMessage(root + "/tests.fmf:2: Node /tests/x, key \"tag\": expected a list of texts,"
                        + " found an integer in it: 5");
        assertThatThrownBy(() -> node.bool("tag", true)).hasMessageContaining("expected true or false, found a list");
        assertThatThrownBy(() -> node.map("tier")).hasMessageContaining("expected a mapping, found an integer");
        assertThatThrownBy(() -> node.integer("tag")).hasMessageContaining("expected an integer");
        assertThat(node.unexpected("tier", "a tier below 1"))
                .hasMessageEndingWith("key \"tier\": expected a tier below 1, found an integer: 1");
    }

    @Test
    void conditionErrorsShowTheConditionWithACaret() throws IOException {
        write("main.fmf", "a: 1\nadjust:\n- when: distro == fedora and arch is x86_64\n  a: 2\n");
        var tree = FmfTree.load(root);
        assertThatThrownBy(() -> tree.adjust(FmfContext.empty()))
                .isInstanceOfSatisfying(
                        FmfException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_RULE))
                .hasMessage(String.join(
                        "\n",
                        root + "/main.fmf:2: Node /: Key \"adjust\", rule 1: when: Invalid condition, expected"
                                + " \"dimension operator value\", \"dimension is defined\", true or false:",
                        "  distro == fedora and arch is x86_64",
                        "                       ^"));
    }

    @Test
    void undecidedConditionErrorsShowContextAndCondition() throws IOException {
        write("main.fmf", "adjust: {when: distro == fedora, a: 2}\n");
        var tree = FmfTree.load(root);
        var options = FmfAdjustment.defaults().withFailUndecided(true);
        assertThatThrownBy(() -> tree.adjust(FmfContext.empty().with("arch", "x86_64"), options))
                .hasMessageContaining(
                        "could not decide the condition in the context {arch=[x86_64]}\n  distro == fedora\n  ^");
    }

    @Test
    void filterErrorsShowTheFilterWithACaret() {
        assertThatThrownBy(() -> FmfFilter.of("tag: a & tier: 1").matches(Map.of("tag", "a"), null))
                .hasMessage(
                        "The data have no key \"tier\", which the filter mentions:\n  tag: a & tier: 1\n           ^");
    }

    @Test
    void errorsOfOtherFilesAreSuppressedInTheFirst() throws IOException {
        write("a.fmf", "a: [\n");
        write("b.fmf", "b: 1\n");
        write("c/main.fmf", "/: nothing\n");
        write("d/main.fmf", "{\n");
        var failure = failure();
        assertThat(failure.getMessage()).startsWith(root + "/a.fmf:");
        assertThat(failure.getSuppressed())
                .extracting(Throwable::getMessage)
                .satisfiesExactly(
                        second -> assertThat(second).startsWith(root + "/c/main.fmf:1:"),
                        third -> assertThat(third).startsWith(root + "/d/main.fmf:"));
    }

    @Test
    void missingRootErrorSaysHowToCreateOne() {
        assertThatThrownBy(() -> FmfTree.load(Path.of("/")))
                .isInstanceOfSatisfying(
                        FmfException.class, e -> assertThat(e.kind()).isEqualTo(Kind.ROOT))
                .hasMessageContaining("Create one with a file \"version\" that contains 1");
    }

    @Test
    void contextErrorsShowTheSyntax() {
        assertThatThrownBy(() -> FmfContext.ofPairs(List.of("fedora"))).hasMessageContaining("distro=fedora-41");
        assertThatThrownBy(() -> FmfContext.parse("distro < fedora"))
                .isInstanceOfSatisfying(
                        FmfException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_CONTEXT));
    }

    @Test
    void firstInvalidSubstitutionIsReported() throws IOException {
        write("main.fmf", "tag: [a]\n/x:\n  tag~: [/a/, 5]\n");
        fails(
                Kind.FORMAT,
                "main.fmf:3: Node /x: Key \"tag~\": Invalid substitution \"/a/\", the delimiter \"/\" must occur"
                        + " three times, also at the end. Write it like \"/pattern/replacement/\"");
    }

    @Test
    void combiningMarkEndsAWord() {
        assertThatThrownBy(() -> FmfContext.empty().decide("a == x and\u0301"))
                .hasMessageStartingWith("Invalid condition, expected");
    }
}
