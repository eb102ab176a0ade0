package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs the sample of the README with an image of the lab. */
@Timeout(180)
class ReadmeSampleTest {
    private static final Pattern SAMPLE = Pattern.compile("```java compiled\n(.*?)```", Pattern.DOTALL);

    @RegisterExtension
    final Lab lab = new Lab();

    @Test
    void sampleRuns(@TempDir Path directory) throws Exception {
        Matcher matcher = SAMPLE.matcher(Files.readString(Path.of("README.md")));
        assertThat(matcher.find()).isTrue();
        String sample = matcher.group(1).replaceAll("registry[^\"]*", LabImage.PLAIN.reference());
        String imports =
                sample.lines().filter(line -> line.startsWith("import ")).collect(Collectors.joining("\n"));
        String body = sample.lines().filter(line -> !line.startsWith("import ")).collect(Collectors.joining("\n"));
        Path source = Files.writeString(
                directory.resolve("Sample.java"),
                imports + "\nclass Sample { public static void main(String[] args) throws Exception {\n" + body
                        + "\n} }\n");
        Path output = directory.resolve("output");

        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        source.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();

        assertThat(process.waitFor(50, TimeUnit.SECONDS))
                .as("the sample ends within 50 s")
                .isTrue();
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        assertThat(output).content().contains("hello from Linux");
    }
}
