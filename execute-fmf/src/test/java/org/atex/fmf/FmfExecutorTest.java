package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.SetupException;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.artifacts.ResultReader;
import org.atex.local.LocalConnection;
import org.atex.testkit.Call;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
class FmfExecutorTest {
    @TempDir
    private Path directory;

    private Path tree;
    private final Connection connection = LocalConnection.open();
    private int count;

    @BeforeEach
    void makeTree() throws IOException {
        tree = Files.createDirectory(directory.resolve("tree"));
        Files.createDirectory(tree.resolve(".fmf"));
        Files.writeString(tree.resolve(".fmf/version"), "1\n");
    }

    @AfterEach
    void disconnect() {
        connection.close();
    }

    private void metadata(String text) throws IOException {
        Files.writeString(tree.resolve("main.fmf"), text);
    }

    private static String indented(String script) {
        return "test: |\n" + script.indent(8);
    }

    private Artifacts artifacts() throws IOException {
        return Artifacts.at(Files.createDirectory(directory.resolve("artifacts" + ++count)));
    }

    private static List<String> results(Artifacts artifacts) throws IOException {
        List<String> lines = new ArrayList<>();
        try (ResultReader reader = ResultReader.of(artifacts)) {
            for (var result = reader.next(); result != null; result = reader.next()) {
                lines.add(result.status() + " " + result.name() + " " + result.note());
            }
        }
        return lines;
    }

    private static String output(Artifacts artifacts) throws IOException {
        return Files.readString(artifacts.files().resolve("output.txt"));
    }

    /** The end and the artifacts of a test. */
    private record Ran(TestEnd end, Artifacts artifacts) {}

    private Ran run(String script) throws Exception {
        metadata("duration: 20s\n" + indented(script));
        return run(FmfTests.from(tree).discover());
    }

    private Ran run(FmfTests tests) throws Exception {
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            Artifacts artifacts = artifacts();
            return new Ran(executor.run(tests.get(0), artifacts), artifacts);
        }
    }

    @Test
    void passesATestThatExitsWithZero() throws Exception {
        Ran ran = run("echo out; echo err >&2");
        assertThat(ran.end).isEqualTo(TestEnd.exited(0));
        assertThat(results(ran.artifacts)).containsExactly("pass null null");
        assertThat(output(ran.artifacts)).isEqualTo("out\nerr\n");
    }

    @ParameterizedTest
    @CsvSource({"exit 7,7", "false,1", "false | true,1", "kill -9 $$,137", "exit 255,255"})
    void failsATestWithItsExitCode(String script, int code) throws Exception {
        Ran ran = run(script);
        assertThat(ran.end).isEqualTo(Suite.failed(code));
        assertThat(results(ran.artifacts)).containsExactly("fail null exit code " + code);
    }

    @Test
    void storesReportedResults() throws Exception {
        Ran ran = run("""
                printf 'result 28\\n{"name":"a","status":"pass"}' >&$ATEX_TEST_CONTROL
                printf 'result 43\\n{"status":"skip","note":"n","files":[]}    \\n' >&$ATEX_TEST_CONTROL
                """.replace("43", "44"));
        assertThat(results(ran.artifacts)).containsExactly("pass a null", "skip null n");
        assertThat(ran.end.outcome()).isEqualTo(Outcome.SKIPPED);
    }

    @Test
    void endsATestThatBreaksTheProtocol() throws Exception {
        Ran ran = run("echo hello >&$ATEX_TEST_CONTROL; sleep 600");
        assertThat(ran.end.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end.note()).contains("'hello'");
        assertThat(results(ran.artifacts)).singleElement().asString().startsWith("error null an unknown word");
    }

    @Test
    void endsATestAtItsLimit() throws Exception {
        metadata("duration: 1s\n" + indented("echo begun; sleep 600 & sleep 600"));
        Ran ran = run(FmfTests.from(tree).discover());
        assertThat(ran.end.outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(ran.end.note()).contains("1s");
        assertThat(output(ran.artifacts)).isEqualTo("begun\n");
        assertThat(results(ran.artifacts)).containsExactly("error null it exceeded its duration of 1s");
        assertThat(ran.artifacts.results()).content().contains("\"files\":[\"processes.txt\",\"output.txt\"]");
        assertThat(ran.artifacts.files().resolve("processes.txt"))
                .content()
                .containsPattern("since the test began:(?s:.*) sleep 600\n(?s:.*)All other processes");
    }

    @Test
    void aWrappedTestEndsAtTheLimitOfItsWrapper() throws Exception {
        metadata("duration: 10m\n" + indented("sleep 600"));
        FmfTests tests = FmfTests.from(tree).discover();
        TestCase outer = new TestCase() {
            @Override
            public String name() {
                return "/outer";
            }

            @Override
            public Duration limit() {
                return Duration.ofSeconds(1);
            }

            @Override
            public TestCase wrapped() {
                return tests.get(0);
            }
        };
        Artifacts artifacts = Artifacts.at(Files.createDirectory(directory.resolve("outer")));
        try (var executor = FmfExecutor.factory(tests).open(connection)) {
            assertThat(executor.run(outer, artifacts).outcome()).isEqualTo(Outcome.TIMED_OUT);
        }
    }

    @Test
    void aTestMayChangeItsLimit() throws Exception {
        metadata("duration: 10m\n" + indented("echo 'duration 1s' >&$ATEX_TEST_CONTROL; sleep 600"));
        assertThat(run(FmfTests.from(tree).discover()).end.outcome()).isEqualTo(Outcome.TIMED_OUT);
    }

    @Test
    void aDaemonThatHoldsTheControlStreamDoesNotDelayTheEnd() throws Exception {
        Path pid = directory.resolve("pid");
        Ran ran = run("setsid bash -c 'echo $$ >" + pid + "; exec sleep 600' & until [[ -s " + pid + " ]]; do :; done");
        assertThat(ran.end).isEqualTo(TestEnd.exited(0));
        // The daemon was killed, but may be listed until its parent has reaped it.
        var daemon = ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()));
        if (daemon.isPresent()) {
            daemon.get().onExit().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void reportsThatATestKilledItsWrapper() throws Exception {
        Ran ran = run("kill -9 $PPID; sleep 600");
        assertThat(ran.end.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end.note()).contains("KILL");
    }

    @Test
    void givesATestItsEnvironment() throws Exception {
        metadata("/plan:\n  discover: {how: fmf}\n  environment: {A: plan, B: plan, C: plan}\n  prepare:\n    script:"
                + " |\n      echo 'A=file' >>$TMT_PLAN_ENVIRONMENT_FILE\n      echo 'E=file'"
                + " >>$TMT_PLAN_ENVIRONMENT_FILE\n      echo 'D=\"from $TMT_TREE\"' >>$TMT_PLAN_ENVIRONMENT_FILE\n"
                + "/dir/test:\n  environment: {B: test, C: test, E: test, F: test, P: '50%', Q: \"it's \\\"q\\\"\\n\"}\n  test: |\n"
                + "      env | sort\n      cat \"$TMT_TEST_METADATA\"\n      pwd\n");
        FmfTests tests = FmfTests.from(tree).plan("/plan").discover();
        try (Executor executor = FmfExecutor.factory(tests, Map.of("C", "user")).open(connection)) {
            Artifacts artifacts = artifacts();
            executor.run(tests.get(0), artifacts);
            assertThat(output(artifacts).lines())
                    .contains(
                            "A=plan",
                            "B=plan",
                            "C=user",
                            "E=file",
                            "F=test",
                            "P=50%",
                            "TMT_TEST_NAME=/dir/test",
                            "TMT_REBOOT_COUNT=0")
                    .contains("TMT_TEST_RESTART_COUNT=0", "Q=it's \"q\"", "name: /dir/test")
                    .anyMatch(line -> line.matches("D=from /var/tmp/atex\\..*/tree"))
                    .anyMatch(line -> line.matches("ATEX_TEST_CONTROL=\\d+"));
        }
    }

    @Test
    void testsDoNotShareVariables() throws Exception {
        metadata("/a:\n  environment: {ONLY_A: '1'}\n  test: env\n/b:\n  test: env\n");
        FmfTests tests = FmfTests.from(tree).discover();
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            executor.run(tests.get(0), artifacts());
            Artifacts b = artifacts();
            executor.run(tests.get(1), b);
            assertThat(output(b)).doesNotContain("ONLY_A").contains("TMT_TEST_NAME=/b");
        }
    }

    @Test
    void cancelsATestWhenInterrupted() throws Exception {
        Path begun = directory.resolve("begun");
        metadata(indented("echo begun >" + begun + "; sleep 600"));
        FmfTests tests = FmfTests.from(tree).discover();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Artifacts artifacts = artifacts();
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            CountDownLatch opened = new CountDownLatch(1);
            Thread thread = Thread.ofVirtual().start(() -> {
                opened.countDown();
                try {
                    executor.run(tests.get(0), artifacts);
                } catch (Throwable e) {
                    thrown.set(e);
                }
            });
            opened.await();
            while (Files.notExists(begun)) {
                Thread.onSpinWait();
            }
            thread.interrupt();
            assertThat(thread.join(Call.SOON)).as("run() returns soon").isTrue();
        }
        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        assertThat(results(artifacts)).singleElement().asString().startsWith("infra null");
    }

    @Test
    void removesItsFilesFromTheSystem() throws Exception {
        Path file = directory.resolve("root");
        run("dirname $TMT_TREE >" + file);
        Path root = Path.of(Files.readString(file).strip());
        assertThat(root).doesNotExist();
        var find = new ProcessBuilder("find", "/sys/fs/cgroup", "-name", root.getFileName() + "*").start();
        assertThat(find.inputReader().lines())
                .as("control groups of the executor")
                .isEmpty();
    }

    /** Creates the root directory of an executor as it is after a lost connection. */
    private static Path leftover(Duration age, Duration sinceLastTest) throws IOException {
        String random = UUID.randomUUID().toString().replace("-", "").substring(0, 10);
        Path root = Files.createDirectory(Path.of("/var/tmp/atex." + random));
        Files.createDirectory(root.resolve("tree"));
        Path pid = Files.createFile(
                Files.createDirectory(root.resolve("slot.aaaaaaaaaa")).resolve("test.pid"));
        Files.setLastModifiedTime(pid, FileTime.from(Instant.now().minus(sinceLastTest)));
        Files.setLastModifiedTime(root, FileTime.from(Instant.now().minus(age)));
        return root;
    }

    @Test
    void removesOldLeftoversFromTheSystem() throws Exception {
        Path unused = leftover(Duration.ofDays(15), Duration.ofDays(15));
        Path inUse = leftover(Duration.ofDays(15), Duration.ofDays(1));
        Path recent = leftover(Duration.ofDays(1), Duration.ofDays(1));
        try {
            run("true");
            assertThat(unused).doesNotExist();
            assertThat(inUse.resolve("tree")).exists();
            assertThat(recent.resolve("tree")).exists();
        } finally {
            for (Path root : List.of(inUse, recent)) {
                LocalDirectories.delete(root);
            }
        }
    }

    @Test
    void runsFinishScriptsWhenItIsClosed() throws Exception {
        Path finished = directory.resolve("finished");
        metadata("/plan:\n  discover: {how: fmf}\n  finish: {how: shell, script: 'touch " + finished
                + "'}\n/t:\n  test: \"true\"\n");
        FmfTests tests = FmfTests.from(tree).plan("/plan").discover();
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            executor.run(tests.get(0), artifacts());
            assertThat(finished).doesNotExist();
        }
        assertThat(finished).exists();
    }

    @Test
    void failsTheSystemWhenAPrepareScriptFails() throws Exception {
        metadata("/plan:\n"
                + "  discover: {how: fmf}\n"
                + "  prepare: {how: shell, script: 'echo no luck; exit 3'}\n"
                + "/t:\n"
                + "  test: \"true\"\n");
        FmfTests tests = FmfTests.from(tree).plan("/plan").discover();
        assertThatThrownBy(() -> FmfExecutor.factory(tests).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("/plan")
                .hasMessageContaining("exit code 3")
                .hasMessageContaining("no luck");
    }

    /**
     * {@return tests of a plan with a prepare script that creates a file and sleeps; its finish script creates a file,
     * too}
     */
    private FmfTests slowPrepare() throws Exception {
        metadata("""
                /plan:
                    discover: {how: fmf}
                    prepare: {how: shell, script: 'echo $$ >DIR/begun; exec sleep 600'}
                    finish: {how: shell, script: 'touch DIR/finished'}
                /t:
                    test: "true"
                """.replace("DIR", directory.toString()));
        return FmfTests.from(tree).plan("/plan").discover();
    }

    private void assertPrepareScriptIsGone() throws Exception {
        long script =
                Long.parseLong(Files.readString(directory.resolve("begun")).strip());
        // A killed process is listed until its new parent has reaped it.
        Call.eventually("the script is gone", () -> ProcessHandle.of(script).isEmpty());
        assertThat(directory.resolve("finished")).exists();
    }

    @Test
    void aPrepareScriptIsKilledAtItsLimit() throws Exception {
        FmfTests tests = slowPrepare();
        FmfOptions options = FmfOptions.defaults().withSetUpWithin(Duration.ofSeconds(1));
        assertThatThrownBy(() -> FmfExecutor.factory(tests, options).open(connection))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("the prepare phase 1 of /plan was ended at its limit");
        assertPrepareScriptIsGone();
    }

    @Test
    void anInterruptKillsAPrepareScript() throws Exception {
        FmfTests tests = slowPrepare();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = Thread.ofVirtual().start(() -> {
            try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
                thrown.set(new AssertionError(executor + " was opened"));
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        while (Files.notExists(directory.resolve("begun")) || Files.size(directory.resolve("begun")) == 0) {
            Thread.onSpinWait();
        }
        thread.interrupt();
        assertThat(thread.join(Call.SOON)).as("open() returns soon").isTrue();
        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        assertPrepareScriptIsGone();
    }

    @Test
    void refusesTestsThatAreNotFmf() throws Exception {
        metadata("test: \"true\"\n");
        FmfTests tests = FmfTests.from(tree).discover();
        try (Executor executor = FmfExecutor.factory(tests).open(connection)) {
            assertThatThrownBy(() -> executor.run(TestCase.named("/plain"), artifacts()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("/plain");
        }
    }
}
