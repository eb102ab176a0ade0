package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultWriterTest {
    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void setPath() {
        file = directory.resolve("results");
    }

    @Test
    void writesEachLineAtOnce() throws IOException {
        try (ResultWriter writer = ResultWriter.append(file)) {
            writer.write(ReportedResult.of(Status.PASS, null, List.of()));
            assertThat(file).hasContent("{\"status\":\"pass\"}\n");
            writer.write(ReportedResult.of(Status.FAIL, "why", List.of("log")));
            assertThat(Files.readAllLines(file))
                    .containsExactly(
                            "{\"status\":\"pass\"}", "{\"status\":\"fail\",\"note\":\"why\",\"files\":[\"log\"]}");
        }
    }

    @Test
    void appendsToAnExistingFile() throws IOException {
        Files.writeString(file, "{}\n");

        try (ResultWriter writer = ResultWriter.append(file)) {
            writer.write(ReportedResult.of(Status.PASS, null, List.of()));
        }

        assertThat(Files.readAllLines(file)).hasSize(2);
    }

    @Test
    void unpairedSurrogatesAreReplaced() throws IOException {
        try (ResultWriter writer = ResultWriter.append(file)) {
            writer.write(
                    ReportedResult.of(null, "\ud83d!", List.of("\ude00")).withMore(Map.of("k\ud800", "\ud83d\ude00")));
        }

        assertThat(Files.readAllLines(file))
                .containsExactly("{\"note\":\"\ufffd!\",\"files\":[\"\ufffd\"],\"k\ufffd\":\"\ud83d\ude00\"}");
    }

    @Test
    void refusesValuesThatJsonDoesNotSupportAndWritesNothing() throws IOException {
        try (ResultWriter writer = ResultWriter.append(file)) {
            ReportedResult odd =
                    ReportedResult.of(null, null, List.of()).withMore(Map.of("when", Thread.currentThread()));
            ReportedResult infinite = ReportedResult.of(null, null, List.of()).withMore(Map.of("n", Double.NaN));

            assertThatThrownBy(() -> writer.write(odd)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.write(infinite)).isInstanceOf(IllegalArgumentException.class);
        }

        assertThat(file).isEmptyFile();
    }
}
