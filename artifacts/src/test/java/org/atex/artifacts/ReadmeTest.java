package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.Status;
import org.atex.api.TestResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
    @Test
    void theSampleRuns(@TempDir Path directory) throws IOException {
        List<String> seen = new ArrayList<>();
        // sample
        Artifacts artifacts = Artifacts.in(directory);
        try (ResultWriter writer = ResultWriter.append(artifacts.results())) {
            writer.write(TestResult.of(Status.PASS, "all is well", List.of("output.txt")));
        }
        Path output = artifacts.files().resolve(SafePath.ofFile(null, "output.txt"));
        Files.createDirectories(output.getParent());
        Files.writeString(output, "hello\n");
        try (ResultReader reader = ResultReader.of(artifacts)) {
            for (TestResult result = reader.next(); result != null; result = reader.next()) {
                seen.add(reader.line() + ": " + result.status() + ", " + result.note());
            }
        }
        // end of sample
        assertThat(seen).containsExactly("1: pass, all is well");
    }

    @Test
    void theSampleIsThatOfTheReadme() throws IOException {
        String source = Files.readString(Path.of("src/test/java/org/atex/artifacts/ReadmeTest.java"));
        String sample = source.split("// sample\n", -1)[1].split(" *// end of sample", -1)[0];
        assertThat(Files.readString(Path.of("README.md")))
                .contains("```java\n" + sample.stripTrailing().stripIndent() + "\n```");
    }
}
