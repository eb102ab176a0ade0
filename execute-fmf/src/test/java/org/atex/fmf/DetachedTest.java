package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.atex.lab.OpenSsh;
import org.atex.local.LocalConnection;
import org.atex.testkit.Call;
import org.atex.testkit.Fault;
import org.atex.testkit.FaultProxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Detached tests over connections to a real sshd that are cut. */
@Timeout(300)
class DetachedTest {
    private static final DetachedOptions SMALL = DetachedOptions.defaults().withSpoolBytes(1 << 20);

    @TempDir
    private Path directory;

    private final String mark = "detached-" + UUID.randomUUID();
    private Suite suite;
    private OpenSsh server;
    private FaultProxy proxy;

    @BeforeEach
    void serve() throws Exception {
        suite = new Suite(directory);
        server = OpenSsh.start(Files.createDirectory(directory.resolve("sshd")));
        proxy = FaultProxy.to(server.address());
        Files.writeString(
                server.directory().resolve("known_hosts"),
                server.knownHost().replace(":" + server.port() + " ", ":" + proxy.port() + " "));
    }

    @AfterEach
    void stop() throws Exception {
        if (proxy != null) {
            proxy.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private Connection connect() throws InterruptedException {
        return Suite.connect(
                System.getProperty("user.name") + "@127.0.0.1:" + proxy.port(),
                server.directory().resolve("id"),
                server.directory().resolve("known_hosts"));
    }

    private static FmfOptions options(DetachedOptions detached) {
        return FmfOptions.defaults().withDetached(detached);
    }

    /** A test that runs in another thread. */
    private record Started(Artifacts artifacts, Thread thread, CompletableFuture<TestEnd> end) {
        static Started of(Executor executor, FmfTests tests, Artifacts artifacts) {
            CompletableFuture<TestEnd> end = new CompletableFuture<>();
            Thread thread = Thread.ofVirtual().start(() -> {
                try {
                    end.complete(executor.run(tests.get(0), artifacts));
                } catch (Throwable e) {
                    end.completeExceptionally(e);
                }
            });
            return new Started(artifacts, thread, end);
        }

        long outputBytes() {
            return artifacts.directory().resolve("output").toFile().length();
        }

        void awaitOutput(long bytes) {
            Call.eventually("there are " + bytes + " bytes of output", () -> outputBytes() >= bytes);
        }

        Ran ran() throws Exception {
            return new Ran(end.get(60, TimeUnit.SECONDS), artifacts);
        }
    }

    private void cut() {
        proxy.set(new Fault.Refuse(), new Fault.Reset(Fault.Direction.TO_TARGET, 0));
    }

    private void restore() {
        proxy.set();
    }

    @Test
    void aTestBehavesAsUsualOnALocalConnection() throws Exception {
        try (Connection connection = LocalConnection.open()) {
            Ran ran = suite.run(
                    connection, suite.test("echo out; echo err >&2; exit 3"), options(DetachedOptions.defaults()));
            assertThat(ran.end()).as(ran.output()).isEqualTo(Suite.failed(3));
            assertThat(ran.output()).isEqualTo("out\nerr\n");
        }
    }

    @Test
    void aTestBehavesAsUsualOverSsh() throws Exception {
        try (Connection connection = connect()) {
            Ran ran = suite.run(connection, suite.test("seq 300000; exit 3"), options(SMALL));
            assertThat(ran.end()).isEqualTo(Suite.failed(3));
            assertThat(ran.output().lines()).hasSize(300_000);
        }
    }

    @Test
    void cutsLoseAndRepeatNothing() throws Exception {
        FmfTests tests = suite.test("""
                for ((i = 0; i < 40; i++)); do
                    seq $((i * 5000)) $((i * 5000 + 4999))
                    tmt-report-result "part-$i" PASS
                done
                head -c 3000000 /dev/zero | tr '\\0' x >/tmp/MARK
                json='{"name":"file","status":"pass","files":[{"name":"f","length":3000000}]}'
                printf 'result %d\\n%s' "${#json}" "$json" >&$ATEX_TEST_CONTROL
                cat /tmp/MARK >&$ATEX_TEST_CONTROL
                rm /tmp/MARK
                """.replace("MARK", mark));
        try (Connection connection = connect();
                Executor executor = FmfExecutor.factory(tests, options(SMALL)).open(connection)) {
            Started started = Started.of(executor, tests, suite.artifacts());
            for (long bytes : List.of(1L, 200_000L, 500_000L, 900_000L)) {
                started.awaitOutput(bytes);
                cut();
                proxy.awaitOpen(0, Call.SOON);
                restore();
            }
            Ran ran = started.ran();
            assertThat(ran.end()).isEqualTo(TestEnd.exited(0));
            String expected =
                    IntStream.range(0, 200_000).mapToObj(i -> i + "\n").collect(Collectors.joining());
            assertThat(ran.output()).isEqualTo(expected);
            List<String> results = new ArrayList<>();
            IntStream.range(0, 40).forEach(i -> results.add("pass part-" + i + " null"));
            results.add("pass file null");
            results.add("pass null null");
            assertThat(ran.results()).containsExactlyElementsOf(results);
            assertThat(ran.file("file/f")).isEqualTo("x".repeat(3_000_000));
            assertThat(proxy.connections()).isGreaterThan(4);
            awaitNothingLeft();
        }
    }

    @Test
    void aTestThatEndsDuringADisconnectionIsReadCompletely() throws Exception {
        FmfTests tests = suite.test(
                "echo begun; until [[ -e /tmp/MARK ]]; do sleep 0.01; done; seq 10000; exit 3".replace("MARK", mark));
        Path go = Path.of("/tmp", mark);
        try (Connection connection = connect();
                Executor executor = FmfExecutor.factory(tests, options(SMALL)).open(connection)) {
            Started started = Started.of(executor, tests, suite.artifacts());
            started.awaitOutput(1);
            Path spool = spool();
            cut();
            proxy.awaitOpen(0, Call.SOON);
            Files.createFile(go);
            Call.eventually("the test has ended", () -> Files.exists(spool.resolve("output.end")));
            restore();
            Ran ran = started.ran();
            assertThat(ran.end()).isEqualTo(Suite.failed(3));
            assertThat(ran.output().lines()).hasSize(10_001);
        } finally {
            Files.deleteIfExists(go);
        }
    }

    @Test
    void aFullSpoolBlocksTheTest() throws Exception {
        FmfTests tests = suite.test("echo begun; seq 400000; echo MARK >/tmp/MARK".replace("MARK", mark));
        Path done = Path.of("/tmp", mark);
        try (Connection connection = connect();
                Executor executor = FmfExecutor.factory(tests, options(SMALL)).open(connection)) {
            Started started = Started.of(executor, tests, suite.artifacts());
            started.awaitOutput(1);
            cut();
            proxy.awaitOpen(0, Call.SOON);
            Path spool = spool();
            Call.eventually(
                    "the spool is full and the test waits", () -> Files.exists(spool.resolve("output.room.waits")));
            assertThat(files(spool).stream()
                            .mapToLong(file -> file.toFile().length())
                            .sum())
                    .isBetween(SMALL.spoolBytes() / 16, SMALL.spoolBytes());
            assertThat(done).doesNotExist();
            restore();
            Ran ran = started.ran();
            assertThat(ran.end()).isEqualTo(TestEnd.exited(0));
            assertThat(ran.output())
                    .isEqualTo("begun\n"
                            + IntStream.rangeClosed(1, 400_000)
                                    .mapToObj(i -> i + "\n")
                                    .collect(Collectors.joining()));
        } finally {
            Files.deleteIfExists(done);
        }
    }

    @Test
    void anAbandonedTestIsRemovedByItsSystem() throws Exception {
        DetachedOptions brief = SMALL.withPickedUpWithin(Duration.ofSeconds(1));
        FmfTests tests = suite.test("echo begun MARK; setsid sleep 1000 & sleep 1000".replace("MARK", mark));
        try (Connection connection = connect();
                Executor executor = FmfExecutor.factory(tests, options(brief)).open(connection)) {
            Started started = Started.of(executor, tests, suite.artifacts());
            started.awaitOutput(1);
            Path slot = spool().getParent();
            cut();
            Ran ran = started.ran();
            assertThat(ran.end().outcome()).isEqualTo(Outcome.LOST);
            assertThat(ran.end().systemUsable()).isFalse();
            assertThat(ran.end().note()).contains("did not come back");
            Call.eventually("the system has removed the test", () -> !Files.exists(slot));
            awaitNothingLeft();
            restore();
        }
    }

    @Test
    void aTestIsCancelledDuringADisconnection() throws Exception {
        DetachedOptions brief = SMALL.withPickedUpWithin(Duration.ofSeconds(4));
        FmfTests tests = suite.test("echo begun MARK; sleep 1000".replace("MARK", mark));
        try (Connection connection = connect();
                Executor executor = FmfExecutor.factory(tests, options(brief)).open(connection)) {
            Started started = Started.of(executor, tests, suite.artifacts());
            started.awaitOutput(1);
            Path slot = spool().getParent();
            cut();
            proxy.awaitOpen(0, Call.SOON);
            started.thread().interrupt();
            assertThat(started.thread().join(Call.SOON)).isTrue();
            assertThat(started.end()).isCompletedExceptionally();
            assertThat(new Ran(TestEnd.exited(0), started.artifacts()).results())
                    .singleElement()
                    .asString()
                    .contains("infra", "cancelled");
            Call.eventually("the system has removed the test", () -> !Files.exists(slot));
            awaitNothingLeft();
            restore();
        }
    }

    @Test
    void aTestWhoseLimitPassesDuringADisconnectionIsLost() throws Exception {
        FmfTests tests =
                suite.test("echo begun; sleep 1000; : " + mark).map(test -> test.withLimit(Duration.ofSeconds(3)));
        try (Connection connection = connect();
                Executor executor = FmfExecutor.factory(tests, options(SMALL)).open(connection)) {
            Started started = Started.of(executor, tests, suite.artifacts());
            started.awaitOutput(1);
            cut();
            Ran ran = started.ran();
            assertThat(ran.end().outcome()).isEqualTo(Outcome.LOST);
            assertThat(ran.end().systemUsable()).isFalse();
            restore();
            connection.reconnect(Call.SOON);
            executor.close();
            awaitNothingLeft();
        }
    }

    @Test
    void withoutTheOptionALostConnectionEndsTheTestAtOnce() throws Exception {
        FmfTests tests = suite.test("echo begun; sleep 1000");
        try (Connection connection = connect();
                Executor executor = FmfExecutor.factory(tests).open(connection)) {
            Started started = Started.of(executor, tests, suite.artifacts());
            started.awaitOutput(1);
            cut();
            assertThat(started.end().get(5, TimeUnit.SECONDS).outcome()).isEqualTo(Outcome.LOST);
        }
    }

    @Test
    void secretsAreInNoProcessList() throws Exception {
        FmfOptions options = options(SMALL).withEnvironment(Map.of("SECRET", mark));
        try (Connection connection = LocalConnection.open()) {
            Ran ran = suite.run(connection, suite.test("""
                            all=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' || :)
                            if [[ $all == *"$SECRET"* ]]; then echo seen; else echo unseen; fi
                            """), options);
            assertThat(ran.output()).isEqualTo("unseen\n");
        }
    }

    @Test
    void aTestThatKillsItsKeeperIsAnErrorAndIsKilled() throws Exception {
        String script = """
                parent() { read -r _ _ _ parent _ </proc/$1/stat; }
                parent $PPID
                parent $parent
                echo begun
                kill -9 $parent
                bash -c "sleep 1000; exit" MARK
                """;
        try (Connection connection = connect()) {
            Ran ran = suite.run(connection, suite.test(script.replace("MARK", mark)), options(SMALL));
            assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
            awaitNothingLeft();
        }
    }

    /** {@return the spools of this test on this machine, found by the arguments of their keepers} */
    private List<Path> spools() {
        List<Path> spools = new ArrayList<>();
        for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
            List<String> words = words(process.pid());
            int keeper = words.indexOf("atex-keeper");
            if (keeper >= 0 && words.stream().anyMatch(word -> word.contains(mark))) {
                spools.add(Path.of(words.get(keeper + 2), words.get(keeper + 3)));
            }
        }
        return spools;
    }

    private static List<String> words(long process) {
        try {
            return List.of(Files.readString(Path.of("/proc/" + process + "/cmdline"), StandardCharsets.ISO_8859_1)
                    .split("\0"));
        } catch (IOException e) {
            return List.of(); // the process has ended
        }
    }

    private Path spool() {
        return spools().get(0);
    }

    private static List<Path> files(Path spool) {
        try (Stream<Path> all = Files.list(spool)) {
            return all.filter(file -> file.getFileName().toString().matches("(control|output)\\.[0-9]+"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitNothingLeft() {
        Call.eventually(
                "nothing of the test is left",
                () -> ProcessHandle.allProcesses()
                        .noneMatch(process ->
                                process.pid() != ProcessHandle.current().pid()
                                        && words(process.pid()).stream().anyMatch(word -> word.contains(mark))));
    }
}
