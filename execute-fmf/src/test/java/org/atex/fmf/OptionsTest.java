package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.atex.api.Command;
import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests terminals, live output, hooks, and the copies of trees. */
@Timeout(180)
class OptionsTest extends LocalSuite {
    @Test
    void aTestWithTtyGetsATerminal() throws Exception {
        FmfTests tests = suite.tests("""
                tty: true
                duration: 20s
                test: |
                    [[ -t 0 && -t 1 && -t 2 ]]
                    stty size
                    echo "TERM=$TERM 'quoted' \\"$ATEX_TEST_CONTROL\\"" | cat -v
                    printf 'result 28\\n{"name":"a","status":"pass"}' >&$ATEX_TEST_CONTROL
                    cat
                    exit 7
                """);
        Ran ran = suite.run(connection, tests, FmfOptions.defaults());
        assertThat(ran.end()).as(ran.output()).isEqualTo(Suite.failed(7));
        assertThat(ran.output()).contains("24 80\r\n", "TERM=", "'quoted'");
        assertThat(ran.results()).containsExactly("pass a null", "fail null exit code 7");
    }

    @Test
    void outputIsPassedOnWhileTheTestRuns() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        LiveOutput live = test -> new OutputStream() {
            @Override
            public void write(int b) {
                if (b == '!') {
                    seen.countDown();
                }
            }
        };
        Path go = directory.resolve("go");
        FmfTests tests = suite.test("echo here!; until [[ -e " + go + " ]]; do :; done; echo end");
        Thread opener = Thread.ofVirtual().start(() -> {
            try {
                if (seen.await(20, TimeUnit.SECONDS)) {
                    Files.createFile(go);
                }
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Ran ran = suite.run(connection, tests, FmfOptions.defaults().withLiveOutput(live));
        opener.join();
        assertThat(ran.end()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.output()).isEqualTo("here!\nend\n");
    }

    @Test
    void printedLinesHaveTheNameOfTheirTestAndNoControlCharacters() throws Exception {
        ByteArrayOutputStream screen = new ByteArrayOutputStream();
        PrintStream to = new PrintStream(screen, true, StandardCharsets.UTF_8);
        FmfTests tests = suite.tests("/a:\n  test: printf 'one\\ntwo \\033[2J ü\\n##vso[x]a\\nlast'\n");
        suite.run(connection, tests, FmfOptions.defaults().withLiveOutput(LiveOutput.printingTo(to)));
        assertThat(screen.toString(StandardCharsets.UTF_8).lines())
                .containsExactly("/a: one", "/a: two ?[2J ü", "/a: # #vso[x]a", "/a: last");
    }

    @Test
    void aReceiverThatFailsDoesNotAffectTheTest() throws Exception {
        LiveOutput broken = test -> new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("broken");
            }
        };
        Ran ran = suite.run(
                connection, suite.test("seq 100000"), FmfOptions.defaults().withLiveOutput(broken));
        assertThat(ran.end()).isEqualTo(TestEnd.exited(0));
        assertThat(ran.output()).endsWith("100000\n");
    }

    @Test
    void hooksCollectOutputAndReportResults() throws Exception {
        TestHook hook = new TestHook() {
            @Override
            public void before(Moment moment) throws InterruptedException {
                moment.collect("before", Command.of("echo", moment.test().name()));
            }

            @Override
            public void after(Moment moment, TestEnd end) throws InterruptedException {
                moment.collect("after/log", Command.bash("echo out; echo err >&2; exit 3"));
                moment.report(Status.INFO, "end", end.outcome().name());
                throw new IllegalStateException("no more");
            }
        };
        Ran ran = suite.run(
                connection,
                suite.tests("/a:\n  test: exit 1\n"),
                FmfOptions.defaults().withHook(hook));
        assertThat(ran.end()).isEqualTo(Suite.failed(1));
        assertThat(ran.results())
                .containsExactly(
                        "info before null",
                        "warn after/log exit code 3",
                        "info end FAILED",
                        "error hook a hook after it failed: java.lang.IllegalStateException: no more",
                        "fail null exit code 1");
        assertThat(ran.file("before/output.txt")).isEqualTo("/a\n");
        assertThat(ran.file("after/log/output.txt")).isEqualTo("out\nerr\n");
    }

    @Test
    void aTestDoesNotStartAfterItsHookFailed() throws Exception {
        TestHook hook = new TestHook() {
            @Override
            public void before(Moment moment) {
                throw new IllegalStateException("not today");
            }
        };
        Ran ran = suite.run(
                connection, suite.test("echo ran"), FmfOptions.defaults().withHook(hook));
        assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
        assertThat(ran.end().note()).contains("not today");
    }

    @Test
    void wholeTreesAreCopiedExceptExcludedNames() throws Exception {
        Path tree = suite.tree();
        Files.createDirectories(tree.resolve("dir/.git"));
        Files.writeString(tree.resolve("dir/.git/config"), "secret");
        Files.writeString(tree.resolve("x.o"), "object");
        Files.writeString(tree.resolve("with space\nand 'line' ü"), "odd");
        Files.createSymbolicLink(tree.resolve("dangling"), Path.of("no/where"));
        assertThat(new ProcessBuilder(
                                "bash",
                                "-c",
                                "cd \"$1\"; printf x >$'bytes\\xff'; truncate -s 1G sparse; chmod 751"
                                        + " 'with space\nand '*",
                                "bash",
                                tree.toString())
                        .start()
                        .waitFor())
                .isZero();
        Ran ran = suite.run(connection, suite.test("""
                        [[ ! -e dir/.git && ! -e x.o && -d dir && $(readlink dangling) == no/where ]]
                        [[ $(stat -c %a 'with space'*) == 751 ]]
                        [[ $(<$'bytes\\xff') == x ]]
                        [[ $(stat -c %s sparse) == 1073741824 ]] && (( $(stat -c %b sparse) < 1000 ))
                        """), FmfOptions.defaults().withExcludes(List.of(".git", "*.o")));
        assertThat(ran.end()).as(ran.output()).isEqualTo(TestEnd.exited(0));
    }

    @Test
    void aTreeIsPackedOnceForAllSystems() throws Exception {
        FmfTests tests = suite.test("cat file");
        Path file = Files.writeString(suite.tree().resolve("file"), "as packed");
        var factory = FmfExecutor.factory(tests);
        try (var first = factory.open(connection)) {
            Files.delete(file);
            try (var second = factory.open(connection)) {
                assertThat(first.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
                assertThat(second.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
            }
        }
    }

    @Test
    void aSystemThatKeepsTreesGetsOnlyChanges() throws Exception {
        FmfOptions kept = FmfOptions.defaults().withKeptTrees();
        Path tree = suite.tree();
        Files.writeString(tree.resolve("same"), "same");
        Files.writeString(tree.resolve("old"), "old");
        Files.writeString(tree.resolve("changed"), "before");
        Path copies = null;
        try {
            Ran first = suite.run(connection, suite.test("cat same old changed"), kept);
            assertThat(first.output()).isEqualTo("sameoldbefore");
            copies = copyOf("same");
            // A mark in the copy shows that the unchanged file is not sent again.
            Files.writeString(copies.resolve("tree/same"), "kept");
            Files.delete(tree.resolve("old"));
            Files.writeString(tree.resolve("changed"), "after it");
            Files.writeString(Files.createDirectory(tree.resolve("dir")).resolve("new"), "new");
            Ran second = suite.run(connection, suite.test("cat same changed dir/new; ls"), kept);
            assertThat(second.output()).startsWith("keptafter itnew").doesNotContain("old");
            Files.delete(copies.resolve("snapshot"));
            Ran third = suite.run(connection, suite.test("cat same changed"), kept);
            assertThat(third.output())
                    .as("everything is sent without a snapshot")
                    .isEqualTo("sameafter it");
        } finally {
            if (copies != null) {
                connection.run(Command.of("rm", "-rf", copies.toString())).orThrow();
            }
        }
    }

    /** {@return the newest copy that the system keeps} */
    private Path copyOf(String file) throws InterruptedException {
        String line = "ls -td /var/tmp/atex-kept.$(id -u)/*/tree/" + file + " | head -n 1";
        Path found =
                Path.of(connection.run(Command.bash(line)).orThrow().stdout().strip());
        return found.getParent().getParent();
    }

    @Test
    void aPathCannotBeExcluded() {
        assertThatThrownBy(() -> FmfOptions.defaults().withExcludes(List.of("a/b")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'a/b'");
    }
}
