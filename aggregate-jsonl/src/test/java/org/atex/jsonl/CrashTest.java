package org.atex.jsonl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.lab.ChildJvm;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs the aggregator in another JVM that is killed, exits early, or has a small heap. */
class CrashTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void resultsIngestedBeforeAKillAreKept(Compression compression) throws Exception {
        Random random = new Random(5);
        for (int run = 0; run < 2; run++) {
            Path home = Files.createDirectory(directory.resolve("run" + run));
            int ingested = ingestUntilKilled(home, compression, 1 + random.nextInt(200));
            JsonLinesOptions options =
                    JsonLinesOptions.defaults().withCompression(compression).withResume();
            Path results = home.resolve("results");
            try (JsonLinesAggregator continued = JsonLinesAggregator.open(results, home.resolve("FILES"), options)) {
                continued.ingest(
                        TestRecord.of("here", "/last", TestEnd.exited(0)),
                        TestArtifacts.below(home).artifacts());
            }
            List<String> lines = plain(results, compression).lines().toList();
            Set<String> tests =
                    lines.stream().map(line -> line.split(",", -1)[2]).collect(Collectors.toSet());
            assertThat(lines).allMatch(line -> line.startsWith("[\"here\",\"pass\",") && line.endsWith("]"));
            for (int i = 0; i < ingested; i++) {
                assertThat(tests).contains("\"/t/" + i + "\"");
                assertThat(home.resolve("FILES/here/t/" + i + "/log")).hasContent("log " + i);
            }
            assertThat(tests).contains("\"/last\"");
        }
    }

    @ParameterizedTest
    @EnumSource
    void nextRunAfterAKillKeepsTheIngestedResults(Compression compression) throws Exception {
        Random random = new Random(7);
        List<Integer> ingested = new ArrayList<>();
        for (int run = 0; run < 3; run++) {
            ingested.add(ingestUntilKilled(directory, compression, 1 + random.nextInt(100)));
        }
        try (JsonLinesAggregator next =
                JsonLinesAggregator.open(directory.resolve("results"), directory.resolve("FILES"))) {
            next.ingest(
                    TestRecord.of("here", "/last", TestEnd.exited(0)),
                    TestArtifacts.below(directory).artifacts());
        }
        assertThat(directory.resolve("results")).hasContent("[\"here\",\"pass\",\"/last\",null,[],null]");
        for (int run = 0; run < 3; run++) {
            String text = plain(directory.resolve("results." + (run + 1)), compression);
            assertThat(text).endsWith("]\n").contains("\"/t/" + (ingested.get(run) - 1) + "\",null,");
            Path log = directory.resolve("FILES." + (run + 1) + "/here/t/" + (ingested.get(run) - 1) + "/log");
            assertThat(log).exists();
        }
    }

    @ParameterizedTest
    @EnumSource
    void programThatExitsWithoutCloseLosesNothing(Compression compression) throws Exception {
        for (int run = 0; run < 2; run++) {
            Process process = start(directory, "exit", compression.name());
            try (BufferedReader lines = process.inputReader()) {
                assertThat(lines.lines()).containsExactly("flushed");
            }
            assertThat(process.waitFor()).isEqualTo(7);
            assertThat(plain(directory.resolve("results"), compression))
                    .isEqualTo("[\"here\",\"pass\",\"/a\",null,[],null]\n");
        }
        assertThat(plain(directory.resolve("results.1"), compression)).contains("/a");
    }

    @Test
    void millionResultsFitInASmallHeap() throws Exception {
        Process process = start(directory, "million", "NONE");
        try (BufferedReader lines = process.inputReader()) {
            assertThat(lines.lines()).containsExactly("done");
        }
        assertThat(process.waitFor()).isZero();
        assertThat(Files.size(directory.resolve("results"))).isGreaterThan(30_000_000);
    }

    @Test
    void fullDiskLosesOnlyTheResultsThatDoNotFit() throws Exception {
        // A limit of 64 KiB per file makes writes fail as on a full disk.
        String[] limited = {"bash", "-c", "ulimit -f 64; exec \"$@\"", "bash"};
        List<String> command = new ArrayList<>(List.of(limited));
        command.addAll(java("full", "NONE"));
        Process process = start(directory, command);
        try (BufferedReader lines = process.inputReader()) {
            assertThat(lines.lines()).containsExactly("refused: File too large", "done");
        }
        assertThat(process.waitFor()).isZero();
        assertThat(directory.resolve("results")).hasContent("""
            ["here","pass","/before",null,[],null]
            ["here","pass","/after",null,[],null]
            """);
        assertThat(directory.resolve("FILES/here-where-the-lines-get-longer")).isEmptyDirectory();
    }

    private int ingestUntilKilled(Path home, Compression compression, int after)
            throws IOException, InterruptedException {
        Process process = start(home, "endless", compression.name());
        int ingested = ChildJvm.linesUntilKilled(process, after);
        assertThat(ingested).isGreaterThanOrEqualTo(after);
        return ingested;
    }

    private static Process start(Path home, String... arguments) throws IOException {
        return start(home, java(arguments));
    }

    private static List<String> java(String... arguments) {
        return ChildJvm.command("64m", IngestingProgram.class, arguments);
    }

    private static Process start(Path home, List<String> command) throws IOException {
        return ChildJvm.start(home, command);
    }

    private static String plain(Path results, Compression compression) throws IOException {
        if (compression == Compression.NONE) {
            return Files.readString(results);
        }
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        try (InputStream in = Files.newInputStream(results)) {
            CompressedMembers members = compression.members(in);
            while (members.next(plain)) {
                // Reads all members.
            }
            assertThat(members.end()).isEqualTo(Files.size(results));
        }
        return plain.toString(StandardCharsets.UTF_8);
    }
}
