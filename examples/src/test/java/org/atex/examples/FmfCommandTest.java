package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the command as a user does. */
class FmfCommandTest {
    @TempDir
    private Path root;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void makeTree() throws IOException {
        Files.createDirectory(root.resolve(".fmf"));
        Files.writeString(root.resolve(".fmf/version"), "1\n");
        Files.writeString(root.resolve("main.fmf"), """
                /tests:
                  test: "true"
                  require: bash
                  /a:
                    tag: [x]
                    require+: [sed, "tar"]
                    n: {1: [2, null, 1.5, .inf, 2024-01-31]}
                  /b:
                    adjust:
                    - when: arch == arm
                      enabled: false
                /plans:
                  discover: {how: fmf}
                  /all:
                    execute: {how: tmt}
                  /a:
                    discover+: {test: /a}
                """.replace("require: bash", "require: [bash]"));
    }

    private int run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (!all.isEmpty()) {
            all.addAll(1, List.of("--root", root.toString()));
        }
        return Fmf.run(new PrintWriter(out, true), new PrintWriter(err, true), all.toArray(String[]::new));
    }

    private List<String> lines(String... arguments) {
        assertThat(run(arguments)).as(err.toString()).isZero();
        return out.toString().lines().toList();
    }

    @Test
    void listsTests() {
        assertThat(lines("ls")).containsExactly("/tests/a", "/tests/b");
    }

    @Test
    void warnsOfKeysThatAreProbablyMisspelt() throws IOException {
        Path file = Files.writeString(root.resolve("more.fmf"), "/c:\n  test: pwd\n  reqiure: sed\n");
        assertThat(lines("ls", "--test", "/c")).containsExactly("/more/c");
        assertThat(err.toString())
                .startsWith("fmf: warning: " + file + ":3: ")
                .contains("'reqiure'", "'require'")
                .hasLineCount(1);
    }

    @Test
    void listsTestsOfAPlan() {
        assertThat(lines("ls", "--plan", "/plans/a")).containsExactly("/tests/a");
    }

    @Test
    void listsTestsByName() {
        assertThat(lines("ls", "--test", "b$")).containsExactly("/tests/b");
    }

    @Test
    void listsTestsByFilter() {
        assertThat(lines("ls", "--filter", "tag: x")).containsExactly("/tests/a");
    }

    @Test
    void excludesTests() {
        assertThat(lines("ls", "--exclude", "/a")).containsExactly("/tests/b");
    }

    @Test
    void listsTestsInAContext() {
        assertThat(lines("ls", "--context", "arch=arm")).containsExactly("/tests/a");
    }

    @Test
    void showsMetadata() {
        assertThat(lines("show", "--test", "/a"))
                .startsWith("/tests/a", "    directory: ", "    test: true")
                .contains("    require: [\"bash\",\"sed\",\"tar\"]");
    }

    @Test
    void showsMetadataAsJson() {
        assertThat(lines("show", "--json", "--test", "/a"))
                .containsExactly(
                        "[{\"name\":\"/tests/a\",\"directory\":\"\",\"test\":\"true\",\"require\":[\"bash\",\"sed\",\"tar\"],"
                                + "\"tag\":[\"x\"],\"n\":{\"1\":[2,null,1.5,\"Infinity\",\"2024-01-31\"]}}]");
    }

    @Test
    void listsPackagesThatTestsRequire() {
        assertThat(lines("requires")).containsExactly("bash", "sed", "tar");
    }

    @Test
    void listsPlans() {
        assertThat(lines("plans")).containsExactly("/plans/a", "/plans/all");
    }

    @Test
    void lintsPlansAndTests() throws IOException {
        assertThat(Fmf.run(new PrintWriter(out, true), new PrintWriter(err, true), "lint", root.toString()))
                .as(err.toString())
                .isZero();
        assertThat(out.toString().lines())
                .contains("taken plan /plans/a: 1 test", "taken plan /plans/all: 2 tests", "taken test /tests/b")
                .contains("    honoured: discover, execute", "    unknown: n");
        Files.writeString(root.resolve("more.fmf"), "/c:\n  test: pwd\n  duration: soon\n  reqiure: sed\n");
        assertThat(Fmf.run(new PrintWriter(out, true), new PrintWriter(err, true), "lint", root.toString()))
                .isEqualTo(1);
        assertThat(out.toString().lines())
                .anyMatch(line -> line.startsWith("refused test /more/c: ") && line.contains("more.fmf:3: "))
                .anyMatch(line -> line.startsWith("    warning: ") && line.contains("'require'?"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nothing",
                "ls --wrong",
                "ls --root",
                "ls more",
                "ls --root /no/such/directory",
                "ls --plan /no",
                "ls --test (",
                "ls --filter tag",
                "ls --exclude [",
                "ls --context arch",
                "ls --test nothing",
                "plans --context x"
            })
    void badInputIsReportedInOneLine(String arguments) {
        assertThat(run(arguments.isEmpty() ? new String[0] : arguments.split(" ")))
                .as(err.toString())
                .isEqualTo(2);
        assertThat(err.toString()).startsWith("fmf: ").hasLineCount(1);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void brokenMetadataAreReportedInOneLine() throws IOException {
        Files.writeString(root.resolve("broken.fmf"), "a: [\n");
        assertThat(run("ls")).isEqualTo(2);
        assertThat(err.toString()).contains("broken.fmf").hasLineCount(1);
    }
}
