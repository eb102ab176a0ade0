package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.atex.api.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every README's sample compiles, and runs to its end beside a copy of the example tests. */
class ReadmeTest {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    static final Pattern SAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    /** Its sample needs podman, and is run by its own tests. */
    private static final Path ELSEWHERE = ROOT.resolve("provision-podman/README.md");

    static List<Path> readmes() throws IOException {
        try (Stream<Path> files = Files.find(ROOT, 2, (file, attributes) -> file.endsWith("README.md"))) {
            return files.filter(file -> !file.equals(ELSEWHERE) && sample(file) != null)
                    .sorted()
                    .toList();
        }
    }

    private static String sample(Path readme) {
        try {
            Matcher matcher = SAMPLE.matcher(Files.readString(readme));
            return matcher.find() ? matcher.group(1) : null;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void everyPublishedModuleHasAReadme() throws IOException {
        try (Stream<Path> poms = Files.find(ROOT, 2, (file, attributes) -> file.endsWith("pom.xml"))) {
            assertThat(poms.map(pom -> pom.resolveSibling("README.md"))).allMatch(Files::exists, "exists");
        }
        assertThat(readmes()).hasSizeGreaterThanOrEqualTo(5);
    }

    @ParameterizedTest
    @MethodSource("readmes")
    @Timeout(60)
    void theSampleRuns(Path readme, @TempDir Path directory) throws Exception {
        Path source = directory.resolve("Sample.java");
        Files.writeString(source, program(sample(readme)));
        compile(source);
        copyTests(directory.resolve("tests"));
        Path output = directory.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        directory + ":" + System.getProperty("java.class.path"),
                        "Sample")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        // No sample reserves anything.
        builder.environment().remove("TESTING_FARM_API_TOKEN");
        Process process = builder.start();
        assertThat(process.waitFor(50, TimeUnit.SECONDS)).as("it ends").isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isEqualTo(exitCode(output));
    }

    /** A sample that runs tests ends as its run does, and some of the example tests fail, as they are meant to. */
    static int exitCode(Path output) throws IOException {
        return Files.readString(output).contains("; failed in ") ? Verdict.FAILED.exitCode() : 0;
    }

    /** A sample is imports and statements; here it becomes a class. */
    static String program(String sample) {
        String imports =
                sample.lines().filter(line -> line.startsWith("import ")).collect(Collectors.joining("\n"));
        String body = sample.lines().filter(line -> !line.startsWith("import ")).collect(Collectors.joining("\n"));
        return imports + "\npublic class Sample {\npublic static void main(String[] args) throws Exception {\n" + body
                + "\n}\n}\n";
    }

    private static void compile(Path source) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            List<String> options = List.of(
                    "-d",
                    source.getParent().toString(),
                    "--release",
                    "21",
                    "-cp",
                    System.getProperty("java.class.path"));
            boolean compiled = compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as(messages.toString()).isTrue();
        }
    }

    static void copyTests(Path to) throws IOException {
        Path from = ROOT.resolve("examples/tests");
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file,
                        to.resolve(from.relativize(file).toString()),
                        java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}
