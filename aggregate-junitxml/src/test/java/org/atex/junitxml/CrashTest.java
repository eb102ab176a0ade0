package org.atex.junitxml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.lab.ChildJvm;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writes a report in another JVM that is killed, exits early, or has a small heap. */
class CrashTest {
    private static final JUnitXmlOptions RICH = JUnitXmlOptions.defaults().withProfile(Profile.RICH);

    @TempDir
    Path directory;

    @Test
    void resultsIngestedBeforeAKillAreInTheCompletedFile() throws Exception {
        Random random = new Random(3);
        for (int run = 0; run < 3; run++) {
            Path report = directory.resolve("report" + run + ".xml");
            int ingested = ingestUntilKilled(report, 1 + random.nextInt(200));

            assertThat(Parsed.read(report)).as("the file after the crash").isNotNull();
            assertThat(JUnitXmlAggregator.recover(report)).isTrue();
            assertThat(Parsed.read(report).cases().size()).isGreaterThanOrEqualTo(ingested);
            assertThat(Parsed.read(report)
                            .oneCase("/t/" + (ingested - 1))
                            .child("system-out")
                            .text())
                    .startsWith("x")
                    .hasSize(5_000);
            try (JUnitXmlAggregator continued = JUnitXmlAggregator.open(report, RICH.withResume())) {
                continued.ingest(
                        TestRecord.of("here", "/last", TestEnd.exited(0)),
                        TestArtifacts.below(directory).artifacts());
            }
            assertThat(Parsed.read(report).cases()).containsKeys("/t/0", "/t/" + (ingested - 1), "/last");
        }
    }

    @Test
    void nextRunAfterAKillKeepsTheIngestedResults() throws Exception {
        Random random = new Random(4);
        Path report = directory.resolve("report.xml");
        List<Integer> ingested = new ArrayList<>();
        for (int run = 0; run < 3; run++) {
            ingested.add(ingestUntilKilled(report, 1 + random.nextInt(100)));
        }
        JUnitXmlAggregator.open(report).close();
        assertThat(Parsed.read(report).cases()).isEmpty();
        for (int run = 0; run < 3; run++) {
            assertThat(Parsed.read(directory.resolve("report.xml." + (run + 1))).cases())
                    .hasSizeGreaterThanOrEqualTo(ingested.get(run))
                    .containsKey("/t/" + (ingested.get(run) - 1));
        }
    }

    @Test
    void programThatExitsWithoutCloseLosesNothing() throws Exception {
        Path report = directory.resolve("report.xml");
        for (int run = 0; run < 2; run++) {
            Process process = start("64m", "exit", report.toString());
            try (BufferedReader lines = process.inputReader()) {
                assertThat(lines.lines()).containsExactly("flushed");
            }
            assertThat(process.waitFor()).isEqualTo(7);
            assertThat(Parsed.read(report).cases()).containsOnlyKeys("/a");
        }
        assertThat(Parsed.read(directory.resolve("report.xml.1")).cases()).containsOnlyKeys("/a");
    }

    @Test
    void outputOf200MegabytesFitsInASmallHeap() throws Exception {
        run("64m", "output", directory.resolve("report.xml").toString());

        assertThat(Files.size(directory.resolve("report.xml"))).isGreaterThan(200 << 20);
    }

    @Test
    void hundredThousandCasesFitInASmallHeap() throws Exception {
        run("64m", "cases", directory.resolve("report.xml").toString());

        try (Stream<String> lines = Files.lines(directory.resolve("report.xml"))) {
            assertThat(lines.filter(line -> line.startsWith("<testcase"))).hasSize(100_000);
        }
    }

    private int ingestUntilKilled(Path report, int after) throws IOException, InterruptedException {
        Process process = start("64m", "endless", report.toString());
        return ChildJvm.linesUntilKilled(process, after);
    }

    private void run(String heap, String... arguments) throws IOException, InterruptedException {
        Process process = start(heap, arguments);
        try (BufferedReader lines = process.inputReader()) {
            assertThat(lines.lines()).containsExactly("done");
        }
        assertThat(process.waitFor()).isZero();
    }

    private Process start(String heap, String... arguments) throws IOException {
        return ChildJvm.start(directory, ChildJvm.command(heap, IngestingProgram.class, arguments));
    }
}
