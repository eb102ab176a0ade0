package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.atex.testkit.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A system is prepared and finished once, regardless of the number of its slots. */
@Timeout(180)
class OncePerSystemTest extends LocalSuite {
    private FmfTests tests(String prepare) throws Exception {
        Files.writeString(suite.tree().resolve("main.fmf"), """
                /plan:
                    discover: {how: fmf}
                    prepare: {how: shell, script: 'PREPARE'}
                    finish: {how: shell, script: 'echo "finish $TMT_TREE" >>DIR/log'}
                /test:
                    test: '[[ $READY == yes && $PWD == $TMT_TREE ]]; echo "test $TMT_TREE" >>DIR/log'
                """.replace("PREPARE", prepare)
                .replace("DIR", directory.toString()));
        return FmfTests.from(suite.tree()).plan("/plan").discover();
    }

    private FmfTests tests() throws Exception {
        return tests("echo \"prepare $TMT_TREE\" >>DIR/log; echo READY=yes >>$TMT_PLAN_ENVIRONMENT_FILE");
    }

    private List<String> log() throws Exception {
        return Files.readAllLines(directory.resolve("log"));
    }

    private static List<String> words(List<String> lines) {
        return lines.stream().map(line -> line.replaceFirst(" .*", "")).toList();
    }

    @Test
    void preparesOnceForSequentialTests() throws Exception {
        FmfTests tests = tests();
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            assertThat(executor.run(tests.get(0), artifacts(1))).isEqualTo(TestEnd.exited(0));
            assertThat(executor.run(tests.get(0), artifacts(2))).isEqualTo(TestEnd.exited(0));
        }
        assertThat(words(log())).containsExactly("prepare", "test", "test", "finish");
        assertThat(log().stream().map(line -> line.replaceFirst(".* ", "")))
                .as("the same trees")
                .containsOnly(log().get(0).replaceFirst(".* ", ""));
        assertThat(Path.of(log().get(0).replaceFirst(".* ", "")).getParent()).doesNotExist();
    }

    @Test
    void preparesOnceForConcurrentTests() throws Exception {
        FmfTests tests = tests();
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            var calls = IntStream.range(0, 8)
                    .mapToObj(i -> Call.of(() -> executor.run(tests.get(0), artifacts(i))))
                    .toList();
            for (var call : calls) {
                assertThat(call.result()).isEqualTo(TestEnd.exited(0));
            }
        }
        assertThat(words(log())).filteredOn("test"::equals).hasSize(8);
        assertThat(words(log())).startsWith("prepare").endsWith("finish").hasSize(10);
    }

    private Artifacts artifacts(int number) throws Exception {
        return Artifacts.at(Files.createDirectory(directory.resolve("of" + number)));
    }

    @Test
    void preparesForEachExecutor() throws Exception {
        FmfTests tests = tests();
        Executor.Factory factory = FmfExecutor.factory(tests);
        try (Executor first = factory.open(connection);
                Executor second = factory.open(connection)) {
            second.close();
            second.close();
            assertThat(first.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
        }
        assertThat(words(log())).containsExactly("prepare", "prepare", "finish", "test", "finish");
    }

    @Test
    void preparesAgainForANewExecutor() throws Exception {
        Executor.Factory factory = FmfExecutor.factory(tests());
        factory.open(connection).close();
        factory.open(connection).close();
        assertThat(words(log())).containsExactly("prepare", "finish", "prepare", "finish");
    }

    @Test
    void failsATestWhoseDirectoryCannotBeCreated() throws Exception {
        Path go = directory.resolve("go");
        FmfTests tests = suite.test("rm -rf \"$(dirname \"$TMT_TREE\")\"; touch " + directory + "/gone; until [[ -e "
                + go + " ]]; do sleep 0.02; done");
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            Call<TestEnd> first = Call.of(() -> executor.run(tests.get(0), artifacts(1)));
            Call.eventually("the directory is gone", () -> Files.exists(directory.resolve("gone")));
            Artifacts artifacts = artifacts(2);
            TestEnd second = executor.run(tests.get(0), artifacts);
            assertThat(second.outcome()).isEqualTo(Outcome.SETUP_FAILED);
            assertThat(second.note()).contains("could not make a directory");
            assertThat(artifacts.results()).content().contains("infra", "could not make a directory");
            Files.createFile(go);
            first.result();
        }
    }

    @Test
    void failsWithThePrepareStep() throws Exception {
        FmfTests tests = tests("echo prepare >>DIR/log; echo no luck; exit 3");
        assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("exit code 3")
                .hasMessageContaining("no luck");
        assertThat(words(log())).containsExactly("prepare", "finish");
    }

    @Test
    void finishesWhenThePreparationIsInterrupted() throws Exception {
        FmfTests tests = tests("echo prepare >>DIR/log; sleep 1000");
        Call<Executor> opening = Call.of(() -> FmfExecutor.factory(tests).open(connection));
        // The shell creates the file before it writes to it.
        Call.eventually(
                "it is being prepared", () -> directory.resolve("log").toFile().length() > 0);
        assertThat(opening.interrupt().failure()).isInstanceOf(InterruptedException.class);
        assertThat(words(log())).containsExactly("prepare", "finish");
    }
}
