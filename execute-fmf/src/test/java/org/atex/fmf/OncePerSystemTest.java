package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.SetupException;
import org.atex.api.TestEnd;
import org.atex.testkit.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A system is prepared and finished once, whatever its slots. */
@Timeout(60)
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
    void oneAfterTheOther() throws Exception {
        FmfTests tests = tests();
        Executor.Factory factory = FmfExecutor.factory(tests);
        try (Executor first = factory.open(connection)) {
            assertThat(first.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
            try (Executor second = factory.open(connection)) {
                assertThat(second.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
            }
            assertThat(words(log())).containsExactly("prepare", "test", "test");
            assertThat(first.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
        }
        assertThat(words(log())).containsExactly("prepare", "test", "test", "test", "finish");
        assertThat(log().stream().map(line -> line.replaceFirst(".* ", "")))
                .as("the same trees")
                .containsOnly(log().get(0).replaceFirst(".* ", ""));
        assertThat(Path.of(log().get(0).replaceFirst(".* ", "")).getParent()).doesNotExist();
    }

    @Test
    void theFirstMayBeClosedBeforeTheOthers() throws Exception {
        FmfTests tests = tests();
        Executor.Factory factory = FmfExecutor.factory(tests);
        Executor first = factory.open(connection);
        try (Executor second = factory.open(connection)) {
            first.close();
            first.close();
            assertThat(second.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
            assertThat(words(log())).containsExactly("prepare", "test");
        }
        assertThat(words(log())).containsExactly("prepare", "test", "finish");
    }

    @Test
    void manyAtOnce() throws Exception {
        FmfTests tests = tests();
        Executor.Factory factory = FmfExecutor.factory(tests);
        var calls = IntStream.range(0, 8)
                .mapToObj(i -> Call.of(() -> {
                    try (Executor executor = factory.open(connection)) {
                        return executor.run(tests.get(0), artifacts(i));
                    }
                }))
                .toList();
        for (var call : calls) {
            assertThat(call.result()).isEqualTo(TestEnd.exited(0));
        }
        List<String> words = words(log());
        // All may be closed before another is opened, which then begins anew.
        int open = 0;
        for (String word : words) {
            open += word.equals("prepare") ? 1 : word.equals("finish") ? -1 : 0;
            assertThat(open).as("%s", words).isBetween(0, 1);
        }
        assertThat(words).filteredOn("test"::equals).hasSize(8);
        assertThat(open).isZero();
    }

    private Artifacts artifacts(int number) throws Exception {
        return Artifacts.at(Files.createDirectory(directory.resolve("of" + number)));
    }

    @Test
    void aSystemThatWasResetIsPreparedAnew() throws Exception {
        Executor.Factory factory = FmfExecutor.factory(tests());
        factory.open(connection).close();
        factory.open(connection).close();
        assertThat(words(log())).containsExactly("prepare", "finish", "prepare", "finish");
    }

    @Test
    void othersFailWithTheFirst() throws Exception {
        Path go = directory.resolve("go");
        FmfTests tests =
                tests("echo prepare >>DIR/log; until [[ -e " + go + " ]]; do sleep 0.02; done; echo no luck; exit 3");
        Executor.Factory factory = FmfExecutor.factory(tests);
        Call<Executor> first = Call.of(() -> factory.open(connection));
        Call.eventually("it is being prepared", () -> Files.exists(directory.resolve("log")));
        Call<Executor> second = Call.of(() -> factory.open(connection)).awaitBlocked();
        Files.createFile(go);
        for (Call<Executor> call : List.of(first, second)) {
            assertThat(call.failure())
                    .isInstanceOf(SetupException.class)
                    .hasMessageContaining("exit code 3")
                    .hasMessageContaining("no luck");
        }
        assertThat(words(log())).containsExactly("prepare", "finish");
        assertThatThrownBy(() -> factory.open(connection)).as("another try").isInstanceOf(SetupException.class);
    }

    @Test
    void anotherTakesOverWhenTheFirstIsInterrupted() throws Exception {
        Path go = directory.resolve("go");
        FmfTests tests = tests("echo prepare >>DIR/log; until [[ -e " + go + " ]]; do sleep 0.02; done;"
                + " echo READY=yes >>$TMT_PLAN_ENVIRONMENT_FILE");
        Executor.Factory factory = FmfExecutor.factory(tests);
        Call<Executor> first = Call.of(() -> factory.open(connection));
        Call.eventually("it is being prepared", () -> Files.exists(directory.resolve("log")));
        Call<TestEnd> second = Call.of(() -> {
                    try (Executor executor = factory.open(connection)) {
                        return executor.run(tests.get(0), suite.artifacts());
                    }
                })
                .awaitBlocked();
        assertThat(first.interrupt().failure()).isInstanceOf(InterruptedException.class);
        Files.createFile(go);
        assertThat(second.result()).isEqualTo(TestEnd.exited(0));
        assertThat(words(log())).containsExactly("prepare", "finish", "prepare", "test", "finish");
    }
}
