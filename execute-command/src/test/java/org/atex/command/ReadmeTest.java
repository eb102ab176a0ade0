package org.atex.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The sample of the README: the same lines, compiled and run. */
@Timeout(60)
@SuppressWarnings("SystemOut") // as samples do
class ReadmeTest {
    @Test
    void sampleRuns() throws Exception {
        // sample
        TestCase test = CommandTest.of("/tar/version", Command.of("tar", "--version"));
        Path directory = Files.createTempDirectory("artifacts");
        try (var connection = LocalConnection.open();
                var executor = CommandExecutor.factory().open(connection)) {
            TestEnd end = executor.run(test, Artifacts.in(directory));
            System.out.println(end.outcome() + ", exit code " + end.exitCode());
            System.out.println(Files.readString(directory.resolve("files/output.txt")));
            System.out.println(Files.readString(directory.resolve("results")));
        }
        // end
        Artifacts.in(directory).delete();
    }

    @Test
    void sampleIsTheOneAbove() throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        String source = Files.readString(Path.of("src/test/java/org/atex/command/ReadmeTest.java"));
        String sample = readme.substring(readme.indexOf("```java\n") + 8, readme.indexOf("\n```\n"));
        String tested = source.substring(source.indexOf("// sample\n") + 10, source.indexOf("        // end"));

        assertThat(tested.lines().map(String::strip).toList())
                .isEqualTo(sample.lines().map(String::strip).toList());
    }
}
