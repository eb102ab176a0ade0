package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
    @Test
    void theSampleRuns(@TempDir Path directory) throws IOException {
        Path left = Left.in(directory).file("output.txt", "out").artifacts().directory();
        // sample
        Path report = directory.resolve("report.xml");
        JUnitXmlOptions options =
                JUnitXmlOptions.defaults().withProfile(Profile.RICH).withAttachments("results/FILES");
        try (JUnitXmlAggregator aggregator = JUnitXmlAggregator.open(report, options)) {
            TestRecord record = TestRecord.of("debian-12", "/tools/tar", TestEnd.exited(0));
            aggregator.ingest(record, Artifacts.in(left));
            aggregator.ingest(TestRecord.notRun("debian-12", "/tools/sed", "no time left"), Artifacts.none());
        }
        String xml = Files.readString(report);
        // end of sample
        assertThat(xml).contains("<skipped message=\"no time left\">");
    }

    @Test
    void theSampleIsThatOfTheReadme() throws IOException {
        String source = Files.readString(Path.of("src/test/java/org/atex/junitxml/ReadmeTest.java"));
        String sample = source.split("// sample\n", -1)[1].split(" *// end of sample", -1)[0];
        assertThat(Files.readString(Path.of("README.md")))
                .contains("```java\n" + sample.stripTrailing().stripIndent() + "\n```");
    }
}
