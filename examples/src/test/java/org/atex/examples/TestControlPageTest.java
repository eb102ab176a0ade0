package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.ReportedResult;
import org.atex.artifacts.ResultReader;
import org.atex.fmf.FmfExecutor;
import org.atex.fmf.FmfTest;
import org.atex.fmf.FmfTests;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The examples of {@code docs/test-control.md}. A block marked {@code test} is a test of an fmf tree, and a block
 * marked with the name of a file is that file of the tree. The text between a test and the following block of JSON
 * contains its outcome; the JSON contains the expected results.
 */
@Timeout(180)
class TestControlPageTest {
    private static final Pattern OUTCOME = Pattern.compile("ends as `([A-Z_]+)`");

    /**
     * An example.
     *
     * @param test the block of the test
     * @param outcome the outcome on the page
     * @param results the results on the page
     * @param anyOrder whether the page allows any order of the results
     */
    record Example(Markdown.Block test, String outcome, String results, boolean anyOrder) {
        String name() {
            return "/line-" + test.line();
        }

        String command() {
            return test.language().equals("python") ? "python3 line-" + test.line() + ".py" : test.text();
        }

        @Override
        public String toString() {
            return test.toString();
        }
    }

    private static Markdown page() throws IOException {
        return Markdown.of("docs/test-control.md");
    }

    /** Returns the examples in languages that are installed on this machine. */
    static List<Example> examples() throws IOException {
        List<Example> examples = new ArrayList<>();
        Markdown page = page();
        List<Markdown.Block> blocks = page.blocks();
        for (int i = 0; i < blocks.size() - 1; i++) {
            Markdown.Block test = blocks.get(i);
            Markdown.Block next = blocks.get(i + 1);
            if (test.mark().equals("test") && !(test.language().equals("python") && !hasPython())) {
                String between = String.join("\n", page.lines().subList(test.line(), next.line()));
                Matcher outcome = OUTCOME.matcher(between);
                assertThat(outcome.find()).as("%s has an outcome", test).isTrue();
                assertThat(next.language())
                        .as("%s is followed by its results", test)
                        .isEqualTo("json");
                examples.add(new Example(test, outcome.group(1), next.text(), between.contains("in any order")));
            }
        }
        return examples;
    }

    private static boolean hasPython() {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, "python3")));
    }

    private static Path tree(Path directory) throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.createDirectory(tree.resolve(".fmf"));
        Files.writeString(tree.resolve(".fmf/version"), "1\n");
        StringBuilder metadata = new StringBuilder();
        for (Markdown.Block block : page().blocks()) {
            if (block.mark().contains(".")) {
                Files.writeString(tree.resolve(block.mark()), block.text());
            }
        }
        for (Example example : examples()) {
            metadata.append(example.name())
                    .append(":\n    test: |\n")
                    .append(example.command().indent(8));
            Files.writeString(
                    tree.resolve("line-" + example.test().line() + ".py"),
                    example.test().text());
        }
        Files.writeString(tree.resolve("main.fmf"), metadata);
        return tree;
    }

    private static List<ReportedResult> results(Artifacts artifacts) throws IOException {
        List<ReportedResult> results = new ArrayList<>();
        try (ResultReader reader = ResultReader.of(artifacts)) {
            for (ReportedResult result = reader.next(); result != null; result = reader.next()) {
                results.add(result);
            }
        }
        return results;
    }

    private static List<ReportedResult> results(Path directory, String lines) throws IOException {
        Artifacts written = Artifacts.at(Files.createDirectory(directory));
        Files.writeString(written.results(), lines);
        return results(written);
    }

    @ParameterizedTest
    @MethodSource("examples")
    void exampleEndsAsOnThePage(Example example, @TempDir Path directory) throws Exception {
        FmfTests tests = FmfTests.from(tree(directory)).discover();
        FmfTest test = tests.stream()
                .filter(one -> one.name().equals(example.name()))
                .findFirst()
                .orElseThrow();
        Artifacts artifacts = Artifacts.at(Files.createDirectory(directory.resolve("artifacts")));
        try (var connection = LocalConnection.open();
                var executor = FmfExecutor.factory(tests).open(connection)) {
            var end = executor.run(test, artifacts);

            Path output = artifacts.files().resolve("output.txt");
            assertThat(end.outcome())
                    .as(end + (Files.exists(output) ? Files.readString(output) : ""))
                    .hasToString(example.outcome());
        }
        List<ReportedResult> expected = results(directory.resolve("expected"), example.results());
        if (example.anyOrder()) {
            assertThat(results(artifacts)).containsExactlyInAnyOrderElementsOf(expected);
        } else {
            assertThat(results(artifacts)).containsExactlyElementsOf(expected);
        }
    }

    @Test
    void allBlocksOfBashAreValid(@TempDir Path directory) throws Exception {
        Map<String, Integer> faults = new LinkedHashMap<>();
        for (Markdown page : Markdown.all()) {
            for (Markdown.Block block : page.blocks()) {
                if (block.language().equals("bash")) {
                    Path script = Files.writeString(directory.resolve("block.sh"), block.text());
                    Process bash = new ProcessBuilder("bash", "-n", script.toString())
                            .inheritIO()
                            .start();
                    assertThat(bash.waitFor(10, TimeUnit.SECONDS)).isTrue();
                    if (bash.exitValue() != 0) {
                        faults.put(block.toString(), bash.exitValue());
                    }
                }
            }
        }
        assertThat(faults).isEmpty();
    }
}
