package org.atex.jsonl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.atex.api.AggregationException;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.tukaani.xz.XZInputStream;

class JsonLinesOptionsTest {
    private static final JsonLinesOptions OPTIONS = JsonLinesOptions.defaults();

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void compressedResultsEqualThoseOfAPlainFile(Compression compression) throws IOException {
        try (JsonLinesAggregator aggregator = open(OPTIONS.withCompression(compression))) {
            ingest(aggregator, "/a", 3);
            ingest(aggregator, "/b", 20_000);
            ingest(aggregator, "/c", 0);
        }
        assertThat(plain(compression, Files.readAllBytes(results())).lines())
                .hasSize(20_006)
                .first()
                .isEqualTo("[\"here\",\"pass\",\"/a\",\"s0\",[],null]");
    }

    @ParameterizedTest
    @EnumSource
    void completeTestsAreKeptWhereverTheFileIsCut(Compression compression) throws IOException {
        JsonLinesOptions options = OPTIONS.withCompression(compression);
        try (JsonLinesAggregator aggregator = open(options)) {
            ingest(aggregator, "/a", 1);
        }
        byte[] one = Files.readAllBytes(results());
        try (JsonLinesAggregator aggregator = open(options.withResume())) {
            ingest(aggregator, "/b", 0);
        }
        byte[] two = Files.readAllBytes(results());
        assertThat(Arrays.copyOf(two, one.length)).isEqualTo(one);

        for (int length = 0; length < two.length; length++) {
            Files.write(results(), Arrays.copyOf(two, length));
            try (JsonLinesAggregator aggregator = open(options.withResume())) {
                ingest(aggregator, "/c", 0);
            }
            String kept = length < one.length ? "" : plain(compression, one);
            if (compression == Compression.NONE && length < one.length) {
                String torn = plain(compression, Arrays.copyOf(one, length));
                kept = torn.substring(0, torn.lastIndexOf('\n') + 1);
            }
            assertThat(plain(compression, Files.readAllBytes(results())))
                    .isEqualTo(kept + "[\"here\",\"pass\",\"/c\",null,[],null]\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void continuedFileRecognizesItsTests(Compression compression) throws IOException {
        JsonLinesOptions options = OPTIONS.withCompression(compression).withResume();
        try (JsonLinesAggregator aggregator = open(options)) {
            ingest(aggregator, "/a \" \ud83d\ude00", 1);
        }
        try (JsonLinesAggregator aggregator = open(options)) {
            ingest(aggregator, "/a \" \ud83d\ude00", 1);
            assertThatThrownBy(() -> ingest(aggregator, "/a \" \ud83d\ude00", 1))
                    .isInstanceOf(AggregationException.class);
            ingest(aggregator, "/b", 1);
        }
        assertThat(plain(compression, Files.readAllBytes(results())).lines())
                .extracting(line -> line.split(",", -1)[2])
                .containsOnly("\"/a \\\" \ud83d\ude00\"", "\"/a \\\" \ud83d\ude00 (run 2)\"", "\"/b\"");
    }

    @ParameterizedTest
    @EnumSource
    void fileIsCompleteAfterAFlushAndAcceptsMore(Compression compression) throws IOException {
        try (JsonLinesAggregator aggregator = open(OPTIONS.withCompression(compression))) {
            aggregator.flush();
            assertThat(plain(compression, Files.readAllBytes(results()))).isEmpty();
            ingest(aggregator, "/a", 1);
            aggregator.flush();
            assertThat(plain(compression, Files.readAllBytes(results())).lines())
                    .hasSize(2);
            ingest(aggregator, "/b", 0);
            aggregator.flush();
            aggregator.flush();
            assertThat(plain(compression, Files.readAllBytes(results())).lines())
                    .hasSize(3);
        }
        assertThat(plain(compression, Files.readAllBytes(results())).lines()).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ"})
    void compressedFileWithoutResultsIsValid(Compression compression) throws IOException {
        open(OPTIONS.withCompression(compression)).close();

        assertThat(Files.size(results())).isPositive();
        assertThat(plain(compression, Files.readAllBytes(results()))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void fileIsNotContinuedInAnotherFormat(Compression written) throws IOException {
        for (boolean yaml : new boolean[] {false, true}) {
            Files.deleteIfExists(results());
            JsonLinesOptions options = yaml ? OPTIONS.withYaml() : OPTIONS;
            try (JsonLinesAggregator aggregator =
                    open(options.withCompression(written).withResume())) {
                ingest(aggregator, "/a", 5);
            }
            byte[] before = Files.readAllBytes(results());
            for (Compression other : Compression.values()) {
                for (JsonLinesOptions layout : List.of(OPTIONS, OPTIONS.withYaml())) {
                    if (other != written || (layout == OPTIONS) == yaml) {
                        assertThatThrownBy(
                                        () -> open(layout.withCompression(other).withResume()))
                                .isInstanceOf(AggregationException.class)
                                .hasMessageContaining(results().toString());
                        assertThat(results()).hasBinaryContent(before);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ"})
    void fileCorruptInItsMiddleIsRefusedAndUnchanged(Compression compression) throws IOException {
        JsonLinesOptions options = OPTIONS.withCompression(compression);
        try (JsonLinesAggregator aggregator = open(options)) {
            ingest(aggregator, "/a", 100);
            ingest(aggregator, "/b", 100);
        }
        byte[] bytes = Files.readAllBytes(results());
        bytes[bytes.length / 4] ^= 0x55;
        Files.write(results(), bytes);

        assertThatThrownBy(() -> open(options.withResume()))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining(results().toString());
        assertThat(results()).hasBinaryContent(bytes);
    }

    @Test
    void corruptLineInTheMiddleIsRefusedWithItsNumber() throws IOException {
        Files.writeString(results(), "[\"p\",\"pass\",\"/a\",null,[],null]\n[\"p\",\n[\"torn");

        assertThatThrownBy(() -> open(OPTIONS.withResume()))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("line ");
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ"})
    void filesAreCompressedAndListedWithTheSuffix(Compression compression) throws IOException {
        TestArtifacts left = TestArtifacts.below(directory)
                .results("{\"name\":\"s\",\"files\":[\"log\"]}\n{\"files\":[\"log\",\"log.gz\"]}\n")
                .file("s/log", "of s")
                .file("log", "log")
                .file("log.gz", "not really")
                .file("dir" + compression.suffix() + "/x", "x")
                .file("dir", "a file beside a directory that has its compressed name");
        try (JsonLinesAggregator aggregator = open(OPTIONS.withCompressedFiles(compression))) {
            aggregator.ingest(TestRecord.of("here", "/a", TestEnd.exited(0)), left.artifacts());
        }
        String suffix = compression.suffix();
        assertThat(results())
                .hasContent("[\"here\",null,\"/a\",\"s\",[\"log" + suffix + "\"],null]\n"
                        + "[\"here\",\"pass\",\"/a\",null,[\"log" + suffix + "\",\"log.gz" + suffix + "\"],null]\n");
        Path there = directory.resolve("FILES/here/a");
        assertThat(plain(compression, Files.readAllBytes(there.resolve("s/log" + suffix))))
                .isEqualTo("of s");
        assertThat(plain(compression, Files.readAllBytes(there.resolve("log.gz" + suffix))))
                .isEqualTo("not really");
        assertThat(plain(compression, Files.readAllBytes(there.resolve("dir" + suffix + "/x" + suffix))))
                .isEqualTo("x");
        assertThat(directory.resolve("FILES")).isDirectoryNotContaining("glob:**%*");
    }

    @Test
    void writesOneYamlDocumentPerTest() throws IOException {
        TestArtifacts left = TestArtifacts.below(directory).results("""
            {"status":"info","note":"first"}
            {"status":"fail","name":"sub: - \\"x\\"","note":"\\u001b[31m\\u0085\\u2028\\ufeff\\ud800 \\ud83d\\ude00","files":["a"]}
            {"status":"fail","note":"own","files":["output.txt"]}
            """);
        JsonLinesOptions options = OPTIONS.withYaml();
        try (JsonLinesAggregator aggregator = open(options)) {
            aggregator.ingest(TestRecord.of("here", "/a", TestEnd.exited(1)), left.artifacts());
            aggregator.ingest(
                    TestRecord.of("here", "/b", TestEnd.of(Outcome.LOST, "gone")),
                    TestArtifacts.below(directory).artifacts());
        }
        assertThat(documents())
                .map(String::valueOf)
                .containsExactly(
                        "{platform=here, name=/a, status=fail, files=[output.txt], note=own, subtests=["
                                + "{name=sub: - \"x\", status=fail, files=[a], note="
                                + "\u001b[31m\u0085\u2028\ufeff\ufffd \ud83d\ude00}, "
                                + "{name=null, status=info, files=[], note=first}]}",
                        "{platform=here, name=/b, status=infra, files=[], note=gone, subtests=[]}");
        Files.writeString(results(), "---\nplatform: \"here\"\nname: \"/c", StandardOpenOption.APPEND);
        try (JsonLinesAggregator aggregator = open(options.withResume())) {
            ingest(aggregator, "/b", 0);
            ingest(aggregator, "/c", 0);
        }
        assertThat(documents())
                .extracting(document ->
                        String.valueOf(document).replaceFirst("(?s)\\{platform=here, name=([^,]*),.*", "$1"))
                .containsExactly("/a", "/b", "/b (run 2)", "/c");
    }

    @Test
    void resultsAreStoredWithSync() throws IOException {
        try (JsonLinesAggregator aggregator = open(OPTIONS.withSync())) {
            ingest(aggregator, "/a", 1);
        }
        assertThat(Files.readAllLines(results())).hasSize(2);
    }

    private Path results() {
        return directory.resolve("results");
    }

    private JsonLinesAggregator open(JsonLinesOptions options) {
        return JsonLinesAggregator.open(results(), directory.resolve("FILES"), options);
    }

    private void ingest(JsonLinesAggregator aggregator, String test, int subtests) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < subtests; i++) {
            lines.append("{\"status\":\"pass\",\"name\":\"s").append(i).append("\"}\n");
        }
        TestArtifacts left = TestArtifacts.below(directory).results(lines.toString());
        aggregator.ingest(TestRecord.of("here", test, TestEnd.exited(0)), left.artifacts());
    }

    private List<Object> documents() throws IOException {
        List<Object> documents = new ArrayList<>();
        new Load(LoadSettings.builder().build())
                .loadAllFromString(Files.readString(results()))
                .forEach(documents::add);
        return documents;
    }

    private static String plain(Compression compression, byte[] bytes) throws IOException {
        InputStream in = new ByteArrayInputStream(bytes);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (bytes.length > 0) {
            switch (compression) {
                case NONE -> in.transferTo(out);
                case GZIP -> new GZIPInputStream(in).transferTo(out);
                case XZ -> new XZInputStream(in).transferTo(out);
            }
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
