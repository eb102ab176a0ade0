package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Outcome;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that send too much or malformed data, and full disks. */
@Timeout(300)
class HostileTest extends LocalSuite {
    private static final boolean REQUIRED = Boolean.getBoolean("atex.required");

    /** A shell function that sends a result; its arguments are the JSON and the number of bytes of its file. */
    private static final String SEND = """
            send() {
                printf 'result %d\\n%s' "${#1}" "$1" >&$ATEX_TEST_CONTROL
                head -c "${2:-0}" /dev/zero >&$ATEX_TEST_CONTROL
            }
            """;

    private Ran run(String script, ReportLimits limits) throws Exception {
        return suite.run(
                connection, suite.test(SEND + script), FmfOptions.defaults().withLimits(limits));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "while :; do send '{\"name\":\"a\"}'; done | more than 10 results",
                "while :; do send '{\"partial\":true}'; done | more than 10 results",
                "send '{\"files\":[{\"name\":\"a\",\"length\":1001}]}' 1001 | more than 1000 bytes of files",
                "send '{\"files\":[{\"name\":\"a\",\"length\":9223372036854775807}]}' | more than 1000 bytes of files",
                "for i in {1..4}; do send '{\"files\":[{\"name\":\"a\",\"length\":0}]}'; done | more than 3 files",
                "send \"{\\\"partial\\\":true,\\\"x\\\":\\\"$(printf %500s)\\\"}\" | more than 200 bytes of results that are"
            })
    void aTestThatExceedsALimitIsStopped(String script, String note) throws Exception {
        Ran ran = run(script + "; sleep 1000", new ReportLimits(10, 3, 1000, 1 << 20, 200));
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains(note, "raise the limit");
        assertThat(ran.results()).last().asString().startsWith("error null it sent more than");
    }

    @Test
    void aTestWithEndlessOutputIsStopped() throws Exception {
        Ran ran = run("yes", ReportLimits.defaults().withOutputBytes(100_000));
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("more than 100000 bytes of output");
        assertThat(ran.artifacts().files().resolve("output.txt")).hasSize(100_000);
    }

    @Test
    void binaryOutputIsStoredUnchanged() throws Exception {
        byte[] all = new byte[256 * 40];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        Files.write(suite.tree().resolve("bytes"), all);
        Ran ran = run("cat bytes; cat bytes >&2", ReportLimits.defaults());
        ByteArrayOutputStream twice = new ByteArrayOutputStream();
        twice.writeBytes(all);
        twice.writeBytes(all);
        assertThat(ran.artifacts().files().resolve("output.txt")).hasBinaryContent(twice.toByteArray());
    }

    @Test
    void aTestThatEndsInTheMiddleOfAResultIsAnError() throws Exception {
        Ran ran = run("printf 'result 100\\n{}' >&$ATEX_TEST_CONTROL", ReportLimits.defaults());
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("bytes missing");
    }

    @Test
    void anOpenResultThatCannotBeClosedIsAnError() throws Exception {
        Ran ran = run("""
                send '{"name":"a","files":[{"name":"log","length":1}]}' 1
                send '{"name":"a","partial":true,"testout":"log"}'
                """, ReportLimits.defaults());
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.results()).hasSize(3).last().asString().contains("testout");
    }

    @Test
    void aTestThatSendsNoiseHasAnEndAndAResult() throws Exception {
        Random random = new Random(7);
        Files.write(suite.tree().resolve("noise"), noise(random));
        for (int i = 0; i < 40; i++) {
            Files.write(suite.tree().resolve("noise"), noise(random));
            Ran ran = run(
                    "cat noise >&$ATEX_TEST_CONTROL", ReportLimits.defaults().withFileBytes(1 << 20));
            assertThat(ran.end().outcome()).isIn(Outcome.ERROR, Outcome.PASSED, Outcome.TIMED_OUT, Outcome.FAILED);
            assertThat(ran.results()).isNotEmpty();
            try (Stream<Path> files = Files.walk(ran.artifacts().directory())) {
                assertThat(files)
                        .allMatch(file -> file.startsWith(ran.artifacts().directory()));
            }
        }
    }

    /** {@return a random sequence of control words and results, some of them malformed} */
    private static byte[] noise(Random random) {
        List<String> words = List.of(
                "noop\n",
                "duration 1m\n",
                "duration save\n",
                "duration restore\n",
                "duration -1\n",
                "result 2\n{}",
                "result 14\n{\"name\":\"a/b\"}",
                "result 16\n{\"partial\":true}",
                "result 13\n{\"testout\":1}",
                "result 15\n{\"testout\":\"..\"",
                "result 38\n{\"files\":[{\"name\":\"../x\",\"length\":3}]}",
                "result 99\n",
                "result 3\n{}\n",
                "\n",
                "exit",
                "exitcode x\n",
                "\0\1\2");
        StringBuilder noise = new StringBuilder();
        for (int i = random.nextInt(8); i >= 0; i--) {
            noise.append(words.get(random.nextInt(words.size())));
        }
        byte[] bytes = noise.toString().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        if (random.nextBoolean()) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return new ByteArrayInputStream(bytes, 0, random.nextInt(bytes.length) + 1).readAllBytes();
    }

    /** Mounts a small file system and runs an action on it. */
    private void onSmallDisk(String options, OnDisk action) throws Exception {
        Path small = Files.createDirectory(directory.resolve("small"));
        boolean mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", options, "tmpfs", small.toString())
                        .start()
                        .waitFor()
                == 0;
        assumeTrue(REQUIRED || mounted, "no permission to mount a small file system");
        assertThat(mounted)
                .as("a small file system was mounted, which is required")
                .isTrue();
        try {
            action.with(small);
        } finally {
            assertThat(new ProcessBuilder("umount", small.toString()).start().waitFor())
                    .isZero();
        }
    }

    private interface OnDisk {
        void with(Path disk) throws Exception;
    }

    /** Asserts that a test with artifacts on a full disk is stopped, and that the executor runs further tests. */
    private void assertNotStored(Path disk, String script, FmfOptions options) throws Exception {
        Path ran = directory.resolve("ran");
        FmfTests tests = suite.test(SEND + "echo $$ >" + ran + "\n" + script);
        Artifacts artifacts = Artifacts.at(Files.createTempDirectory(disk, "artifacts"));
        try (var executor = FmfExecutor.factory(tests, options).open(connection)) {
            assertThatThrownBy(() -> executor.run(tests.get(0), artifacts))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("No space left")
                    .hasMessageContaining(artifacts.toString());
            assertThat(ProcessHandle.of(Long.parseLong(Files.readString(ran).strip()))
                            .filter(ProcessHandle::isAlive))
                    .as("the test was stopped first")
                    .isEmpty();
            artifacts.delete();
            FmfTests good = suite.test("true");
            assertThat(executor.run(good.get(0), suite.artifacts()).outcome()).isEqualTo(Outcome.PASSED);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "send '{\"files\":[{\"name\":\"a\",\"length\":900000}]}' 900000; sleep 1000",
                "yes",
                "head -c 900000 /dev/zero",
                "head -c 900000 /dev/zero; exit 1",
                // Of some length, as each starts a process.
                "n=$(printf %2000s | tr ' ' x); while :; do send '{\"name\":\"'$n'\",\"status\":\"pass\"}'; done"
            })
    void aFullDiskOnThisMachineIsAnException(String script) throws Exception {
        onSmallDisk("size=256k", disk -> assertNotStored(disk, script, FmfOptions.defaults()));
    }

    @Test
    void aDiskThatAHookFillsIsAnException() throws Exception {
        TestHook collecting = new TestHook() {
            @Override
            public void after(Moment moment, TestEnd end) throws InterruptedException {
                if (end.outcome() == Outcome.FAILED) {
                    moment.collect("much", Command.of("head", "-c", "900000", "/dev/zero"));
                }
            }
        };
        onSmallDisk(
                "size=256k",
                disk -> assertNotStored(disk, "exit 1", FmfOptions.defaults().withHook(collecting)));
    }

    @Test
    void aDiskWithoutInodesIsAnException() throws Exception {
        onSmallDisk("size=8m,nr_inodes=8", disk -> {
            for (int i = 0; i < 4; i++) {
                Files.createFile(disk.resolve("file" + i));
            }
            assertNotStored(
                    disk, "send '{\"files\":[{\"name\":\"a\",\"length\":1}]}' 1; sleep 1000", FmfOptions.defaults());
        });
    }

    @Test
    void aFullDiskOnTheSystemIsASetupFailure() throws Exception {
        FmfOptions full = FmfOptions.defaults().withEnvironment(Map.of("TMT_TEST_METADATA", "/dev/full"));
        Ran ran = suite.run(connection, suite.test("echo not reached"), full);
        assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
        assertThat(ran.end().note()).contains("No space left");
    }

    /** Runs the test of a tree in a JVM with a heap of 64 MiB. {@return the output of the JVM} */
    private String inSmallHeap(String script) throws Exception {
        suite.test(SEND + script);
        String path = System.getProperty("jdk.module.path", "") + File.pathSeparator
                + System.getProperty("java.class.path", "") + File.pathSeparator
                + SmallHeap.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .getPath() + File.pathSeparator
                + "target/classes" + File.pathSeparator + "target/test-classes";
        List<String> line = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xmx64m"));
        line.addAll(List.of("-cp", path, SmallHeap.class.getName()));
        line.addAll(
                List.of(suite.tree().toString(), suite.artifacts().directory().toString()));
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        return printed;
    }

    @Test
    void aFileOfAGigabyteNeedsNoMoreMemoryThanASmallOne() throws Exception {
        String printed = inSmallHeap("send '{\"files\":[{\"name\":\"big\",\"length\":1073741824}]}' 1073741824");
        assertThat(printed).contains("PASSED");
        Path big = directory.resolve("artifacts1/files/big");
        assertThat(big).hasSize(1L << 30);
        Files.delete(big); // frees the gigabyte before other tests run
    }

    @Test
    void aHundredThousandResultsNeedNoMoreMemoryThanAFew() throws Exception {
        String printed = inSmallHeap("""
                json='{"name":"some/test","status":"pass"}'
                printf -v one 'result %d\\n%s' "${#json}" "$json"
                printf "%.0s$one" {1..100000} >&$ATEX_TEST_CONTROL
                """);
        assertThat(printed).contains("PASSED");
        assertThat(directory.resolve("artifacts1/results"))
                .satisfies(file -> assertThat(Files.readAllLines(file)).hasSize(100_001));
    }
}
