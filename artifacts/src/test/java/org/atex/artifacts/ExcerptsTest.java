package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.atex.api.Artifacts;
import org.atex.api.Excerpt;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class ExcerptsTest {
    @TempDir
    Path directory;

    private Path left;

    @BeforeEach
    void createArtifacts() throws IOException {
        left = Files.createDirectory(directory.resolve("left"));
        Files.createDirectory(left.resolve("files"));
    }

    @Test
    void failedResultsAreReturnedInTheirOrder() throws IOException {
        results("""
            {"status":"pass","name":"good"}
            {"status":"fail","name":"one","note":"2 is not 3","files":["log"],"more":[1]}
            {"status":"skip","name":"skipped"}
            {"status":"info","name":"told"}
            {"name":"unsaid"}
            {"status":"warn","name":"two"}
            {"status":"error","name":"three"}
            {"status":"burnt","name":"four"}
            {"status":"fail","note":"itself"}
            """);
        assertThat(Excerpts.read(artifacts(), 8).parts())
                .extracting(ReportedResult::status, ReportedResult::name)
                .map(tuple -> String.join(
                        " ", tuple.toList().stream().map(String::valueOf).toList()))
                .containsExactly("fail one", "warn two", "error three", "burnt four");
        assertThat(Excerpts.read(artifacts(), 8).parts().getFirst())
                .isEqualTo(ReportedResult.of(Status.FAIL, "2 is not 3", List.of("log"))
                        .withName("one"));
    }

    @Test
    void lastLinesOfTheOutputAreReturned() throws IOException {
        results("{\"status\":\"fail\",\"files\":[\"journal.xml\",\"output.txt\"]}\n");
        file("journal.xml", "<journal/>");
        file("output.txt", "1\n2\r\n\n  4\nprogress 1%\rprogress 100%\n\n\n");

        assertThat(lines(3)).containsExactly("", "  4", "progress 100%");
        assertThat(lines(99)).containsExactly("1", "2", "", "  4", "progress 100%");
        assertThat(lines(0)).isEmpty();
    }

    @Test
    void outputIsTheFileOfTheLastResultOfTheTestItself() throws IOException {
        results("""
            {"status":"info","files":["first"]}
            {"status":"fail","files":["sub/my log","other"]}
            {"status":"fail","note":"says no file"}
            {"status":"fail","name":"part","files":["a part's log"]}
            """);
        file("first", "first");
        file("sub/my log", "mine");
        file("output.txt", "another");

        assertThat(lines(8)).containsExactly("mine");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "{\"status\":\"fail\"}\n", "{\"status\":\"fail\",\"name\":\"p\",\"files\":[\"log\"]}\n"})
    void outputIsOutputTxtIfNoResultListsFiles(String text) throws IOException {
        results(text);
        file("output.txt", "no newline");

        assertThat(lines(8)).containsExactly("no newline");
    }

    @Test
    void excerptOfMissingArtifactsIsEmpty() throws IOException {
        Files.delete(left.resolve("files"));

        assertThat(Excerpts.read(artifacts(), 8)).isEqualTo(Excerpt.none());
        assertThat(Excerpts.read(Artifacts.none(), 8)).isEqualTo(Excerpt.none());
        Files.delete(left);
        assertThatThrownBy(() -> Excerpts.read(Artifacts.none(), -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\n",
                "{\"status\":1}\n",
                "{\"status\":\"fail\",\"name\":\"torn",
                "\n",
                "[[[[\n",
                "{\"a\":1,\"a\":2}\n",
            })
    void resultsBeforeAnInvalidLineAreReturned(String broken) throws IOException {
        results("{\"status\":\"fail\",\"name\":\"one\"}\n" + broken);
        file("output.txt", "out");

        Excerpt excerpt = Excerpts.read(artifacts(), 8);

        assertThat(excerpt.parts()).extracting(ReportedResult::name).containsExactly("one");
        assertThat(excerpt.lastLines()).containsExactly("out");
    }

    @Test
    void malformedUtf8IsReplaced() throws IOException {
        Files.write(
                left.resolve("files/output.txt"), new byte[] {'a', (byte) 0xff, 'b', '\n', (byte) 0xe2, (byte) 0x82});

        assertThat(lines(8)).containsExactly("a\ufffdb", "\ufffd");
    }

    @Test
    void namesNotesAndLinesAreCut() throws IOException {
        results(IntStream.range(0, 100)
                .mapToObj(i -> "{\"status\":\"fail\",\"name\":\"" + "n".repeat(600) + "\",\"note\":\""
                        + "\ud83d\ude00".repeat(600) + "\",\"files\":[\"" + "f".repeat(600) + "\""
                        + ",\"f\"".repeat(100)
                        + "],\"more\":\"m\"}\n")
                .collect(Collectors.joining()));
        file("output.txt", "x".repeat(499) + "\ud83d\ude00\n" + "ü".repeat(40_000));

        Excerpt excerpt = Excerpts.read(artifacts(), 8);

        assertThat(excerpt.parts()).hasSize(20).allSatisfy(part -> {
            assertThat(part.name()).hasSizeLessThanOrEqualTo(500).endsWith("n…");
            assertThat(part.note()).hasSizeLessThanOrEqualTo(500).endsWith("\ud83d\ude00…");
            assertThat(part.files()).hasSize(20).containsOnly("f");
            assertThat(part.more()).isEmpty();
        });
        assertThat(excerpt.lastLines()).containsExactly("ü".repeat(499) + "…");
    }

    @Test
    void onlyTheEndOfALongOutputIsRead() throws IOException {
        try (RandomAccessFile output =
                new RandomAccessFile(left.resolve("files/output.txt").toFile(), "rw")) {
            output.setLength(20L << 30); // a hole: it takes no room
            output.seek(20L << 30);
            output.write("\nthe last\nlines\n".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(lines(2)).containsExactly("the last", "lines");
    }

    @Test
    void onlyTheBeginningOfLargeResultsIsRead() throws IOException {
        byte[] line = ("{\"status\":\"pass\",\"name\":\"p\",\"note\":\"" + "x".repeat(1 << 20) + "\"}\n")
                .getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(left.resolve("results")))) {
            out.write("{\"status\":\"fail\",\"name\":\"first\"}\n".getBytes(StandardCharsets.UTF_8));
            for (int i = 0; i < 64; i++) {
                out.write(line);
            }
            out.write("{\"status\":\"fail\",\"name\":\"too late\"}\n".getBytes(StandardCharsets.UTF_8));
        }
        try (RandomAccessFile results =
                new RandomAccessFile(left.resolve("results").toFile(), "rw")) {
            results.setLength(1L << 30);
        }
        file("output.txt", "out");
        long start = System.nanoTime();

        Excerpt excerpt = Excerpts.read(artifacts(), 8);

        assertThat(excerpt.parts()).extracting(ReportedResult::name).containsExactly("first");
        assertThat(excerpt.lastLines()).containsExactly("out");
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../../secret", "/etc/passwd", "linked", "dir/secret", "..", "", ".", "dir", "a\\u0000b", "pipe"
            })
    void filesOutsideTheArtifactsAreNotRead(String name) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        Files.createSymbolicLink(left.resolve("files/linked"), secret);
        Files.createSymbolicLink(left.resolve("files/dir"), directory);
        assertThat(new ProcessBuilder("mkfifo", left.resolve("files/pipe").toString())
                        .start()
                        .waitFor())
                .isZero();
        results("{\"status\":\"fail\",\"files\":[\"" + name + "\"]}\n");

        assertThat(Excerpts.read(artifacts(), 8)).isEqualTo(Excerpt.none());
    }

    @Test
    void directoriesThatAreSymbolicLinksAreNotRead() throws IOException {
        Path other = Files.createDirectory(directory.resolve("other"));
        Files.writeString(other.resolve("output.txt"), "secret");
        Files.delete(left.resolve("files"));
        Files.createSymbolicLink(left.resolve("files"), other);
        Files.writeString(directory.resolve("results"), "{\"status\":\"fail\",\"name\":\"secret\"}\n");
        Files.createSymbolicLink(left.resolve("results"), directory.resolve("results"));

        assertThat(Excerpts.read(artifacts(), 8)).isEqualTo(Excerpt.none());
    }

    @Test
    void symbolicLinksInsideTheArtifactsAreFollowed() throws IOException {
        file("real.log", "real");
        Files.createSymbolicLink(left.resolve("files/output.txt"), Path.of("real.log"));

        assertThat(lines(8)).containsExactly("real");
    }

    @Test
    void resultsThatAreAPipeDoNotBlock() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", left.resolve("results").toString())
                        .start()
                        .waitFor())
                .isZero();
        file("output.txt", "out");

        assertThat(lines(8)).containsExactly("out");
    }

    @Test
    void interruptStaysPendingAndDoesNotDisturbReading() throws IOException {
        results("{\"status\":\"fail\",\"name\":\"one\"}\n");
        file("output.txt", "out");
        Thread.currentThread().interrupt();

        Excerpt excerpt = Excerpts.read(artifacts(), 8);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(excerpt.parts()).hasSize(1);
        assertThat(excerpt.lastLines()).containsExactly("out");
    }

    private Artifacts artifacts() {
        return Artifacts.at(left);
    }

    private List<String> lines(int count) {
        return Excerpts.read(artifacts(), count).lastLines();
    }

    private void results(String lines) throws IOException {
        Files.writeString(left.resolve("results"), lines);
    }

    private void file(String name, String text) throws IOException {
        Path file = left.resolve("files").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
