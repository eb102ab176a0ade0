package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.control.ControlStream;
import org.atex.fmf.control.ProtocolException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportReceiverTest {
    private static final TestEnd PASSED = TestEnd.exited(0);
    private static final TestEnd FAILED = TestEnd.exited(1);

    @TempDir
    private Path directory;

    private Path output;
    private ReportReceiver results;

    @BeforeEach
    void begin() throws IOException {
        output = Files.writeString(directory.resolve("output"), "what the test wrote\n");
        results = new ReportReceiver(Artifacts.at(directory), output, ReportLimits.defaults());
    }

    private void receive(String json, String... files) throws IOException {
        byte[] object = json.getBytes(StandardCharsets.UTF_8);
        byte[] all = (json + String.join("", files)).getBytes(StandardCharsets.UTF_8);
        results.receive(object.length, new ControlStream(new ByteArrayInputStream(all)));
    }

    private TestEnd finish(TestEnd end) throws IOException {
        TestEnd finished = results.finish(end, OutcomeRule.defaultRule());
        results.close();
        return finished;
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(directory.resolve("results"));
    }

    private String file(String name) throws IOException {
        return Files.readString(directory.resolve("files").resolve(name));
    }

    @Test
    void writesAFinalResultImmediately() throws IOException {
        receive("{\"status\":\"pass\",\"name\":\"sub\",\"note\":\"fine\",\"own\":[1,null,{\"a\":true}]}");
        assertThat(lines())
                .containsExactly(
                        "{\"status\":\"pass\",\"name\":\"sub\",\"note\":\"fine\",\"own\":[1,null,{\"a\":true}]}");
    }

    @Test
    void storesFilesUnderTheSubtestsName() throws IOException {
        receive(
                "{\"name\":\"sub/test\",\"files\":[{\"name\":\"some/log\",\"length\":3},{\"name\":\"b\",\"length\":2}]}",
                "abc",
                "de");
        assertThat(file("sub/test/some/log")).isEqualTo("abc");
        assertThat(file("sub/test/b")).isEqualTo("de");
        assertThat(lines()).containsExactly("{\"name\":\"sub/test\",\"files\":[\"some/log\",\"b\"]}");
    }

    @Test
    void appendsToAFileOfTheSameName() throws IOException {
        receive(
                "{\"name\":\"s\",\"files\":[{\"name\":\"log\",\"length\":1},{\"name\":\"log\",\"length\":1}]}",
                "a",
                "b");
        receive("{\"name\":\"s\",\"files\":[{\"name\":\"log\",\"length\":1}]}", "c");
        assertThat(file("s/log")).isEqualTo("abc");
        assertThat(lines()).first().asString().contains("\"files\":[\"log\"]");
    }

    @Test
    void confinesNamesToTheirDirectory() throws IOException {
        receive("{\"name\":\"../..\",\"files\":[{\"name\":\"../../escaped\",\"length\":1}]}", "x");
        receive("{\"files\":[{\"name\":\"/absolute\",\"length\":1}]}", "y");
        try (var all = Files.walk(directory)) {
            assertThat(all.filter(Files::isRegularFile)
                            .map(file -> directory.relativize(file).toString()))
                    .allMatch(file -> file.startsWith("files/") || file.equals("results") || file.equals("output"))
                    .hasSize(4);
        }
        assertThat(directory.resolveSibling("escaped")).doesNotExist();
    }

    @Test
    void mergesPartialResultsByName() throws IOException {
        receive(
                "{\"partial\":true,\"name\":\"s\",\"status\":\"fail\",\"note\":\"n\",\"list\":[1],\"map\":{\"a\":1,\"b\":2}}");
        receive(
                "{\"partial\":true,\"name\":\"s\",\"status\":\"pass\",\"note\":null,\"list\":[2],\"map\":{\"a\":null,\"c\":3}}");
        assertThat(lines()).isEmpty();
        receive("{\"name\":\"s\",\"more\":\"text\"}");
        assertThat(lines())
                .containsExactly(
                        "{\"status\":\"pass\",\"name\":\"s\",\"list\":[1,2],\"map\":{\"b\":2,\"c\":3},\"more\":\"text\"}");
    }

    @Test
    void keepsTheOrderOfOpenResultsAtTheEnd() throws IOException {
        receive("{\"partial\":true,\"name\":\"first\"}");
        receive("{\"partial\":true,\"name\":\"second\"}");
        receive("{\"partial\":true,\"name\":\"first\",\"status\":\"pass\"}");
        finish(PASSED);
        assertThat(lines()).hasSize(3);
        assertThat(lines().get(0)).contains("first");
        assertThat(lines().get(1)).contains("second");
    }

    @Test
    void linksTheOutputToAResultWithTestout() throws IOException {
        receive("{\"name\":\"s\",\"testout\":\"out.txt\",\"status\":\"pass\"}");
        assertThat(file("s/out.txt")).isEqualTo("what the test wrote\n");
        assertThat(lines()).containsExactly("{\"status\":\"pass\",\"name\":\"s\",\"files\":[\"out.txt\"]}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{",
                "{} {}",
                "{\"a\":1,\"a\":2}",
                "{\"name\":7}",
                "{\"name\":\"\"}",
                "{\"status\":true}",
                "{\"status\":\" \"}",
                "{\"note\":[]}",
                "{\"partial\":\"yes\"}",
                "{\"testout\":\"\"}",
                "{\"testout\":1}",
                "{\"files\":\"log\"}",
                "{\"files\":[\"log\"]}",
                "{\"files\":[{\"name\":\"log\"}]}",
                "{\"files\":[{\"name\":\"log\",\"length\":-1}]}",
                "{\"files\":[{\"name\":\"log\",\"length\":1.5}]}",
                "{\"files\":[{\"name\":\"\",\"length\":0}]}",
                "{\"files\":[{\"name\":\"log\",\"length\":0}],\"testout\":\"log\"}"
            })
    void rejectsMalformedResults(String json) {
        assertThatThrownBy(() -> receive(json)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void rejectsAFileInPlaceOfADirectory() throws IOException {
        receive("{\"files\":[{\"name\":\"a\",\"length\":1}]}", "x");
        assertThatThrownBy(() -> receive("{\"files\":[{\"name\":\"a/b\",\"length\":1}]}", "y"))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("is already a file");
    }

    @Test
    void addsAResultAboutTheTestItself() throws IOException {
        assertThat(finish(FAILED)).isEqualTo(FAILED);
        assertThat(lines()).containsExactly("{\"status\":\"fail\",\"files\":[\"output.txt\"]}");
        assertThat(file("output.txt")).isEqualTo("what the test wrote\n");
        assertThat(output).doesNotExist();
    }

    @Test
    void prefersTheResultOfTheTestToItsExitCode() throws IOException {
        receive("{\"status\":\"skip\",\"note\":\"not here\"}");
        assertThat(finish(PASSED).outcome()).isEqualTo(Outcome.SKIPPED);
        assertThat(lines()).hasSize(1);
    }

    @Test
    void usesTheMostSevereOfSeveralResultsOfTheTest() throws IOException {
        receive("{\"status\":\"fail\"}");
        receive("{\"status\":\"pass\"}");
        assertThat(finish(PASSED).outcome()).isEqualTo(Outcome.FAILED);
    }

    @Test
    void closesAnOpenResultAboutTheTestItself() throws IOException {
        receive("{\"partial\":true,\"status\":\"warn\",\"testout\":\"my.log\"}");
        assertThat(finish(PASSED).outcome()).isEqualTo(Outcome.FAILED);
        assertThat(lines()).containsExactly("{\"status\":\"warn\",\"files\":[\"my.log\"]}");
    }

    @Test
    void reportsWhyTheTestWasStoppedDespiteItsOwnResult() throws IOException {
        receive("{\"partial\":true,\"status\":\"pass\",\"own\":1}");
        TestEnd end = TestEnd.of(Outcome.TIMED_OUT, "it exceeded its duration of 5m");
        assertThat(finish(end)).isEqualTo(end);
        assertThat(lines())
                .containsExactly("{\"status\":\"error\",\"note\":\"it exceeded its duration of"
                        + " 5m\",\"files\":[\"output.txt\"],\"own\":1}");
    }

    @Test
    void addsTheReasonToTheResultsOfAStoppedTest() throws IOException {
        receive("{\"status\":\"pass\"}");
        finish(TestEnd.of(Outcome.LOST, "gone"));
        assertThat(lines()).hasSize(2).last().asString().contains("infra", "gone");
    }
}
