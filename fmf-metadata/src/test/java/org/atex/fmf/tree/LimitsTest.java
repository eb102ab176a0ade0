package org.atex.fmf.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.fmf.tree.FmfException.Kind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that hostile metadata cause an error instead of exhausting memory or time. */
class LimitsTest {
    @TempDir
    private Path root;

    @BeforeEach
    void version() throws IOException {
        Files.createDirectories(root.resolve(".fmf"));
        Files.writeString(root.resolve(".fmf/version"), "1\n");
    }

    private void main(String text) throws IOException {
        Files.writeString(root.resolve("main.fmf"), text);
    }

    private void exceeds(String what) {
        var failure = assertThrows(FmfException.class, () -> FmfTree.load(root));
        assertThat(failure.kind()).isEqualTo(Kind.LIMIT);
        assertThat(failure.getMessage()).contains(what).contains("exceeds the limit of");
    }

    @Test
    void aliasesThatExpandExponentiallyFail() throws IOException {
        var text = new StringBuilder("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++) {
            text.append("l%d: &l%d [".formatted(i, i))
                    .append("*l%d, ".formatted(i - 1).repeat(10))
                    .append("]\n");
        }
        main(text.toString());
        exceeds("The number of values, aliases expanded,");
    }

    @Test
    void deeplyNestedFlowCollectionsFail() throws IOException {
        main("a: " + "[".repeat(100_000) + "]".repeat(100_000));
        exceeds("The nesting of collections");
    }

    @Test
    void deeplyNestedBlockCollectionsFail() throws IOException {
        main("- ".repeat(20_000) + "x\n");
        exceeds("The nesting of collections");
    }

    @Test
    void deeplyNestedNodesFail() throws IOException {
        main("/a".repeat(50_000).substring(0, 1000) + ": {b: 1}\n");
        assertThat(FmfTree.load(root).climb()).hasSize(1);
        main("? " + "/a".repeat(50_000) + "\n: {b: 1}\n");
        exceeds("The depth of the tree");
    }

    @Test
    void hugeFilesFail() throws IOException {
        try (var file = new RandomAccessFile(root.resolve("main.fmf").toFile(), "rw")) {
            file.setLength(5L << 30);
        }
        exceeds("in bytes");
    }

    @Test
    void deviceFilesFail() throws IOException {
        var zero = Path.of("/dev/zero");
        assumeTrue(Files.exists(zero), "this system has no /dev/zero");
        Files.createSymbolicLink(root.resolve("main.fmf"), zero);
        var failure = assertThrows(FmfException.class, () -> FmfTree.load(root));
        assertThat(failure.getMessage()).contains("it is not a regular file");
    }

    @Test
    void cyclesOfSymbolicLinksEnd() throws IOException {
        var deep = Files.createDirectories(root.resolve("a/b/c"));
        Files.writeString(deep.resolve("main.fmf"), "x: 1\n");
        for (var i = 0; i < 20; i++) {
            Files.createSymbolicLink(root.resolve("a/up" + i), Path.of("."));
            Files.createSymbolicLink(root.resolve("a/b/up" + i), Path.of(".."));
            Files.createSymbolicLink(deep.resolve("loop" + i), Path.of("loop" + i));
        }
        assertThat(FmfTree.load(root).climb()).hasSizeLessThan(100);
    }

    @Test
    void substitutionsThatGrowExponentiallyFail() throws IOException {
        var text = new StringBuilder("t: a\n/x:\n  t~:\n");
        text.append("  - /a/aaaaaaaaaa/\n".repeat(20));
        main(text.toString());
        exceeds("The length of a merged text");
    }

    @Test
    void mergesThatExpandExponentiallyFail() throws IOException {
        var text = new StringBuilder("v0: &v0 {x: 1}\n");
        for (var i = 1; i < 12; i++) {
            text.append("v%d: &v%d {".formatted(i, i));
            for (var k = 0; k < 3; k++) {
                text.append("k%d+: *v%d, ".formatted(k, i - 1));
            }
            text.append("}\n");
        }
        // Each merge of such a mapping visits all of its 3^11 paths.
        text.append("t: {k0: {}, k1: {}, k2: {}}\n");
        text.append("/n:\n").append("  t+: *v11\n");
        for (var i = 0; i < 400; i++) {
            text.append("  /n%d: {t+: *v11}\n".formatted(i));
        }
        main(text.toString());
        var failure = assertThrows(FmfException.class, () -> FmfTree.load(root));
        assertThat(failure.kind()).isEqualTo(Kind.LIMIT);
    }

    @Test
    void largeDataInheritedByManyNodesFail() throws IOException {
        var text = new StringBuilder("big:\n");
        for (var i = 0; i < 20_000; i++) {
            text.append("  - {k%d: v}\n".formatted(i));
        }
        for (var i = 0; i < 20_000; i++) {
            text.append("/n%d:\n".formatted(i));
        }
        main(text.toString());
        exceeds("The number of values to inherit and merge");
    }

    @Test
    void integersWithTooManyDigitsFail() throws IOException {
        main("a: " + "9".repeat(5000) + "\n");
        exceeds("The number of digits of an integer");
    }
}
