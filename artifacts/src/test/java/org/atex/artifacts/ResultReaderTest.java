package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResultReaderTest {
    @TempDir
    Path directory;

    @Test
    void readsAllKeysOfAResult() throws IOException {
        List<ReportedResult> results = read("""
            {"status":"pass","name":"sub/test","note":"ok","files":["some/log","b"],"bug":[1,2.50,null,{"a":true}]}
            {"status":"odd"}
            {}
            """);

        assertThat(results).hasSize(3);
        assertThat(results.get(0))
                .extracting(ReportedResult::status, ReportedResult::name, ReportedResult::note, ReportedResult::files)
                .containsExactly(Status.PASS, "sub/test", "ok", List.of("some/log", "b"));
        assertThat(results.get(0).more().get("bug")).asString().isEqualTo("[1, 2.50, null, {a=true}]");
        assertThat(results.get(1).status()).isEqualTo(new Status("odd"));
        assertThat(results.get(2)).isEqualTo(ReportedResult.of(null, null, List.of()));
    }

    @Test
    void treatsNullAndAnEmptyNameAsMissing() throws IOException {
        assertThat(read("{\"status\":null,\"name\":\"\",\"note\":null,\"files\":null}\n"))
                .containsExactly(ReportedResult.of(null, null, List.of()));
    }

    @Test
    void acceptsALastLineWithoutNewline() throws IOException {
        assertThat(read("{}\n{\"note\":\"x\"}")).hasSize(2);
    }

    @Test
    void missingArtifactsAndMissingFilesHaveNoResults() throws IOException {
        try (ResultReader none = ResultReader.of(Artifacts.none());
                ResultReader empty = ResultReader.of(Artifacts.at(directory))) {
            assertThat(none.next()).isNull();
            assertThat(empty.next()).isNull();
        }
    }

    @Test
    void resultsThatCannotBeOpenedAreAnError() throws Exception {
        Path results = directory.resolve("results");
        Files.createDirectory(results);
        assertNoRegularFile();
        Files.delete(results);
        Files.createSymbolicLink(results, Path.of("/etc/passwd"));
        assertNoRegularFile();
        Files.delete(results);
        new ProcessBuilder("mkfifo", results.toString()).start().waitFor();
        assertNoRegularFile();
        assertThatThrownBy(() -> ResultReader.open(directory.resolve("none"))).isInstanceOf(IOException.class);
    }

    private void assertNoRegularFile() {
        assertThatThrownBy(() -> ResultReader.of(Artifacts.at(directory)))
                .isInstanceOf(BrokenResultsException.class)
                .hasMessageContaining("it is not a regular file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{}|{|1 ~ 2",
                "{}|nonsense ~ 2",
                "{}|[1] ~ 2",
                "{} {}| ~ 1",
                "{}{}| ~ 1",
                "{}||{} ~ 2",
                "|{} ~ 1",
                "{\"a\":|1} ~ 1",
                "{}|{\"status\":1} ~ 2",
                "{}|{\"status\":\" \"} ~ 2",
                "{}|{\"note\":[]} ~ 2",
                "{}|{\"files\":\"a\"} ~ 2",
                "{}|{\"files\":[\"a\",1]} ~ 2",
                "{}|{\"name\":\"a\",\"name\":\"b\"} ~ 2",
                "{}|{\"x\":1,\"x\":2} ~ 2",
                "{}|{\"status\":\"pa ~ 2",
            })
    void invalidLinesAreRefusedWithFileAndLine(String text, long line) {
        assertThatThrownBy(() -> read(text.replace('|', '\n')))
                .isInstanceOfSatisfying(BrokenResultsException.class, e -> {
                    assertThat(e.line()).isEqualTo(line);
                    assertThat(e.file()).isEqualTo(directory.resolve("results"));
                })
                .hasMessageContaining(directory.resolve("results") + ", line " + line + ": ");
    }

    @Test
    void malformedUtf8IsRefused() throws IOException {
        Files.write(
                directory.resolve("results"), new byte[] {'{', '"', 'a', '"', ':', '"', (byte) 0xff, '"', '}', '\n'});

        assertThatThrownBy(this::read)
                .isInstanceOf(BrokenResultsException.class)
                .hasMessageContaining("line 1");
    }

    @Test
    void tooLongLinesAreRefusedWithoutReadingThem() throws IOException {
        try (BufferedWriter writer = Files.newBufferedWriter(directory.resolve("results"))) {
            writer.write("{}\n{\"a\":[");
            for (int i = 0; i < ResultReader.MAX_LINE_BYTES / 10; i++) {
                writer.write("123456789,");
            }
            writer.write("1]}\n");
        }

        assertThatThrownBy(this::read)
                .isInstanceOf(BrokenResultsException.class)
                .hasMessageContaining("line 2: the line has more than 8388608 bytes");
    }

    @Test
    void interruptStaysPendingAndDoesNotDisturbReading() throws IOException {
        Files.writeString(directory.resolve("results"), "{}\n");

        Thread.currentThread().interrupt();
        try {
            assertThat(read()).hasSize(1);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void writtenResultsAreReadUnchanged() throws IOException {
        List<ReportedResult> results = List.of(
                ReportedResult.of(new Status("pass"), "two\nlines", List.of("a/b"))
                        .withName("sub \"ü\" \u0007 \ud83d\ude00")
                        .withMore(Map.of("n", new BigDecimal("1.500"), "l", List.of(1, true), "m", Map.of("k", "v"))),
                ReportedResult.of(null, null, List.of()));
        try (ResultWriter writer = ResultWriter.append(directory.resolve("results"))) {
            for (ReportedResult result : results) {
                writer.write(result);
            }
        }

        assertThat(read()).isEqualTo(results);
    }

    private List<ReportedResult> read(String text) throws IOException {
        Files.writeString(directory.resolve("results"), text, StandardCharsets.UTF_8);
        return read();
    }

    private List<ReportedResult> read() throws IOException {
        List<ReportedResult> results = new ArrayList<>();
        try (ResultReader reader = ResultReader.of(Artifacts.at(directory))) {
            for (ReportedResult result = reader.next(); result != null; result = reader.next()) {
                results.add(result);
                assertThat(reader.line()).isEqualTo(results.size());
            }
        } catch (NoSuchFileException e) {
            throw new AssertionError(e);
        }
        return results;
    }
}
