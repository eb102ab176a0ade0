package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.atex.api.Verdict;
import org.atex.lab.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the program of {@code docs/pytest.md}. */
@Timeout(300)
class PytestPageTest {
    @TempDir
    private Path directory;

    private int run(Path output, List<String> line) throws Exception {
        Process process = new ProcessBuilder(line)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).as("%s ends", line).isTrue();
        return process.exitValue();
    }

    @Test
    void theProgramRunsAProject() throws Exception {
        Path output = directory.resolve("output");
        boolean installed = run(output, List.of("python3", "-c", "import pytest")) == 0;
        if (Boolean.getBoolean("atex.required")) {
            assertThat(installed)
                    .as("python3 has pytest; install the package python3-pytest")
                    .isTrue();
        }
        assumeTrue(installed, "python3 has no pytest");
        Path tests = Files.createDirectories(directory.resolve("project/tests"));
        Files.writeString(tests.resolve("test_disk.py"), """
                def test_full(): assert False, "no space"
                def test_empty(): pass
                """);
        Files.writeString(directory.resolve("project/requirements.txt"), "");
        Path script =
                Files.createDirectories(directory.resolve("project/tools")).resolve("prepare");
        Files.writeString(script, "#!/bin/bash\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();

        JavaSample sample = JavaSample.in(Markdown.of("docs/pytest.md")).getFirst();
        List<String> command = ChildJvm.java();
        command.addAll(List.of("-cp", sample.compile(directory.resolve("classes")), sample.name()));
        int exitCode = run(output, command);

        assertThat(exitCode).as(Files.readString(output)).isEqualTo(Verdict.FAILED.exitCode());
        assertThat(directory.resolve("junit.xml")).content().contains("test_full", "no space", "test_empty");
    }
}
