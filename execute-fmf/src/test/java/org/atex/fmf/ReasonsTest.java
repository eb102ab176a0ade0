package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.atex.api.Outcome;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reasons of failures: notes of tests, logs of prepare and finish scripts, time stamps. */
@Timeout(180)
class ReasonsTest extends LocalSuite {
    @Test
    void theNoteOfAFailedTestIsItsExitCode() throws Exception {
        Ran ran = suite.run(connection, "exit 7");
        assertThat(ran.end()).isEqualTo(new TestEnd(Outcome.FAILED, 7, "exit code 7", true));
        assertThat(ran.results()).containsExactly("fail null exit code 7");
    }

    @Test
    void theNoteOfAReportedResultIsTheReason() throws Exception {
        Ran ran = suite.run(
                connection,
                "json='{\"status\":\"fail\",\"note\":\"out of cheese\"}'; printf 'result %d\\n%s' ${#json} \"$json\""
                        + " >&$ATEX_TEST_CONTROL; exit 3");
        assertThat(ran.end()).isEqualTo(new TestEnd(Outcome.FAILED, 3, "out of cheese", true));
        assertThat(ran.results()).containsExactly("fail null out of cheese");
    }

    @Test
    void aTestThatReportsPassHasNoNote() throws Exception {
        Ran ran = suite.run(connection, "printf 'result 17\\n{\"status\":\"pass\"}' >&$ATEX_TEST_CONTROL; exit 3");
        assertThat(ran.end()).isEqualTo(new TestEnd(Outcome.PASSED, 3, null, true));
    }

    private FmfTests plan(String prepare) throws Exception {
        Files.writeString(suite.tree().resolve("main.fmf"), """
                /plan:
                    discover: {how: fmf}
                    prepare:
                      - {how: shell, script: 'true'}
                      - {how: shell, script: 'PREPARE'}
                    finish: {how: shell, script: 'echo finishing'}
                /test:
                    test: 'echo one; printf two'
                """.replace("PREPARE", prepare));
        return FmfTests.from(suite.tree()).plan("/plan").discover();
    }

    private static List<Path> files(Path below) throws IOException {
        try (Stream<Path> all = Files.walk(below)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    void outputOfPrepareAndFinishScriptsIsLogged() throws Exception {
        Path logs = directory.resolve("results/set-up");
        FmfOptions options = FmfOptions.defaults().withSetUpLogs(logs);
        assertThat(suite.run(connection, plan("seq 20000"), options).end()).isEqualTo(TestEnd.exited(0));
        assertThat(files(logs))
                .extracting(file -> Objects.requireNonNull(file.getFileName()).toString())
                .as("scripts with output")
                .containsExactly("finish-1.txt", "prepare-2.txt");
        assertThat(files(logs).get(0)).hasContent("finishing\n");
        assertThat(Files.readAllLines(files(logs).get(1))).hasSize(20_000);
    }

    @Test
    void aFailedScriptIsReportedWithItsLastLinesAndItsLog() throws Exception {
        FmfTests tests = plan("seq 100; exit 3");
        assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("the prepare phase 2 of /plan ended with exit code 3")
                .hasMessageEndingWith("its last lines: 93\n94\n95\n96\n97\n98\n99\n100")
                .satisfies(e -> {
                    var path =
                            Pattern.compile("all of its output is in ([^;]+);").matcher(e.getMessage());
                    assertThat(path.find()).isTrue();
                    Path log = Path.of(path.group(1));
                    assertThat(Files.readAllLines(log)).hasSize(100);
                    assertThat(log.resolveSibling("finish-1.txt")).hasContent("finishing\n");
                    LocalDirectories.delete(Objects.requireNonNull(
                            Objects.requireNonNull(log.getParent()).getParent()));
                });
    }

    @Test
    void linesMayHaveTimeStamps() throws Exception {
        Path logs = directory.resolve("logs");
        Instant before = Instant.now().minusMillis(1);
        FmfOptions options = FmfOptions.defaults().withTimestampedOutput().withSetUpLogs(logs);
        Ran ran = suite.run(connection, plan("echo ready"), options);
        assertThat(ran.output().lines()).hasSize(2).allSatisfy(line -> {
            Instant time = Instant.parse(line.substring(0, line.indexOf(' ')));
            assertThat(time).isBetween(before, Instant.now());
        });
        assertThat(ran.output()).matches("(?s)\\S+ one\n\\S+ two");
        assertThat(files(logs))
                .hasSize(2)
                .allSatisfy(file -> assertThat(file)
                        .content()
                        .matches("\\d+-\\d+-\\d+T\\d+:\\d+:\\d+\\.\\d{3}Z (ready|finishing)\n"));
    }

    @Test
    void aTimeStampIsThatOfTheFirstByteAndTheRestIsUnchanged() throws Exception {
        Iterator<Instant> times =
                Stream.iterate(Instant.EPOCH, time -> time.plusSeconds(1)).iterator();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (StampedOutput to = new StampedOutput(bytes, times::next)) {
            for (String piece : List.of("a", "b\nc\n\n", "\r\u00ff", "\n", "end")) {
                to.write(piece.getBytes(StandardCharsets.ISO_8859_1));
            }
            to.write('!');
        }
        assertThat(bytes.toString(StandardCharsets.ISO_8859_1).replaceAll("1970-01-01T00:00:0(\\d).000Z ", "<$1>"))
                .isEqualTo("<0>ab\n<1>c\n<1>\n<2>\r\u00ff\n<4>end!");
    }
}
