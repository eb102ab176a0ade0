package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The sample of {@code docs/culprits.md} prints the report that the page shows. */
@Timeout(300)
class CulpritsPageTest {
    private static final String PAGE = "docs/culprits.md";

    @Test
    void sampleFindsTheCulprit(@TempDir Path directory) throws Exception {
        JavaSample sample = JavaSample.in(Markdown.of(PAGE)).getFirst();
        String classPath = sample.compile(directory.resolve("classes"));
        Path output = directory.resolve("output");
        List<String> command = ChildJvm.java();
        command.addAll(List.of("-cp", classPath, sample.name()));
        Process process = new ProcessBuilder(command)
                .directory(Files.createDirectory(directory.resolve("work")).toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).as("the sample ends").isTrue();

        String page = Files.readString(ReadmeTest.ROOT.resolve(PAGE));
        int begin = page.indexOf("/download fails after /proxy\n");
        String report = page.substring(begin, page.indexOf("```", begin));
        assertThat(output).content().endsWith(report);
    }
}
