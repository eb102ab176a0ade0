package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.atex.api.Verdict;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compiles every sample of the documentation and runs it with a copy of the example tests; see {@link JavaSample}. */
class ReadmeTest {
    static final Path ROOT = Markdown.ROOT;

    private static final Pattern VERDICT = Pattern.compile("; (passed|failed|infrastructure|incomplete) in ");

    @TempDir
    private static Path classes;

    private static JavaSample.Compiler compiler;

    @BeforeAll
    static void openCompiler() {
        compiler = new JavaSample.Compiler(classes);
    }

    @AfterAll
    static void closeCompiler() throws IOException {
        compiler.close();
    }

    static List<JavaSample> compiled() throws IOException {
        return JavaSample.all().stream().filter(sample -> !sample.isRun()).toList();
    }

    static List<JavaSample> run() throws IOException {
        return JavaSample.all().stream().filter(JavaSample::isRun).toList();
    }

    @Test
    void everyPublishedModuleHasAReadme() throws IOException {
        try (Stream<Path> poms = Files.find(ROOT, 2, (file, attributes) -> file.endsWith("pom.xml"))) {
            assertThat(poms.map(pom -> pom.resolveSibling("README.md"))).allMatch(Files::exists, "exists");
        }
    }

    @Test
    void theMarksOfSamplesAreKnown() throws IOException {
        assertThat(JavaSample.all())
                .hasSizeGreaterThanOrEqualTo(20)
                .allSatisfy(sample -> assertThat(sample.block().mark()).isIn("", "compiled", "fragment"));
    }

    @ParameterizedTest
    @MethodSource("compiled")
    void theSampleCompiles(JavaSample sample) throws IOException {
        assertThat(compiler.compile(sample)).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("run")
    @Timeout(180)
    void theSampleRuns(JavaSample sample, @TempDir Path directory) throws Exception {
        String classPath = compiler.compile(sample);
        Path work = Files.createDirectory(directory.resolve("work"));
        copyTests(work.resolve("tests"));
        Path output = directory.resolve("output");
        List<String> command = ChildJvm.java();
        command.addAll(List.of("-cp", classPath, sample.name()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        // No sample may reserve a real machine.
        builder.environment().remove("TESTING_FARM_API_TOKEN");
        Process process = builder.start();
        assertThat(process.waitFor(50, TimeUnit.SECONDS)).as("the sample ends").isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(exitCode(output));
    }

    /** A sample exits with the exit code of its last run; some of the example tests fail intentionally. */
    static int exitCode(Path output) throws IOException {
        return VERDICT.matcher(Files.readString(output))
                .results()
                .map(MatchResult::group)
                .map(text -> text.replaceAll("; | in ", "").toUpperCase(Locale.ROOT))
                .reduce((first, last) -> last)
                .map(word -> Verdict.valueOf(word).exitCode())
                .orElse(0);
    }

    static void copyTests(Path to) throws IOException {
        Path from = ROOT.resolve("examples/tests");
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}
