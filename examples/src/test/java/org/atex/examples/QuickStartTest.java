package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Starts QuickStart as a user does: the results are as the tests declare, and no process or file is left. */
@Timeout(300)
class QuickStartTest {
    private static final Path TREE = Path.of("tests").toAbsolutePath();

    @TempDir
    private Path directory;

    private Process start(Path results) throws IOException, InterruptedException {
        return start(TREE, results);
    }

    private Process start(Path tree, Path results) throws IOException, InterruptedException {
        return new ProcessBuilder(Signalled.java(QuickStart.class, tree.toString(), results.toString()))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
    }

    private String output() throws IOException {
        return Files.readString(directory.resolve("output"));
    }

    /** The status of each test and subtest, as "test subtest" → status. */
    private static Map<String, String> statuses(Path results) throws IOException {
        Map<String, String> statuses = new TreeMap<>();
        for (String line : Files.readAllLines(results.resolve("results.jsonl"))) {
            String[] fields = line.substring(2).split("\",\"|\",|,\"", -1);
            String subtest = fields[3].startsWith("null") ? "" : " " + fields[3];
            statuses.put(fields[2] + subtest, fields[1]);
        }
        return statuses;
    }

    private static Map<String, String> cases(Path results) throws Exception {
        Map<String, String> cases = new TreeMap<>();
        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(results.resolve("junit.xml").toFile());
        NodeList list = document.getElementsByTagName("testcase");
        for (int i = 0; i < list.getLength(); i++) {
            Element element = (Element) list.item(i);
            String outcome = Stream.of("failure", "error", "skipped")
                    .filter(name -> element.getElementsByTagName(name).getLength() > 0)
                    .findFirst()
                    .orElse("passed");
            cases.put(element.getAttribute("name"), outcome);
        }
        return cases;
    }

    /** Returns the processes with the name of the results directory in their environment. */
    private static List<String> leftovers(Path results) throws IOException {
        List<String> left = new ArrayList<>();
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            for (Path process : processes
                    .filter(p -> p.getFileName().toString().matches("[0-9]+"))
                    .toList()) {
                try {
                    String environment = Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
                    if (environment.contains("FLAKY_STATE=" + results)) {
                        left.add(Files.readString(process.resolve("cmdline")).replace('\0', ' '));
                    }
                } catch (IOException e) {
                    continue; // ended meanwhile, or of another user
                }
            }
        }
        return left;
    }

    @Test
    void everyTestEndsAsDeclared() throws Exception {
        Path results = directory.resolve("results");
        Process process = start(results);
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();

        Map<String, String> expected = new TreeMap<>();
        for (String passing : List.of(
                "/archive/gzip-corrupt",
                "/archive/gzip-levels",
                "/archive/tar-escape",
                "/archive/tar-roundtrip",
                "/outcome/flaky",
                "/outcome/slow",
                "/output/colours",
                "/output/upload",
                "/shell/arithmetic",
                "/shell/arrays",
                "/shell/daemon",
                "/shell/pipefail",
                "/system/directory",
                "/system/environment",
                "/text/cut-fields/first",
                "/text/cut-fields/last",
                "/text/grep-patterns",
                "/text/sed-substitute",
                "/text/sort-orders",
                "/archive/gzip-levels level/1",
                "/archive/gzip-levels level/5",
                "/archive/gzip-levels level/9",
                "/text/sort-orders text",
                "/text/sort-orders numeric",
                "/text/sort-orders unique",
                "/text/sort-orders reverse")) {
            expected.put(passing, "pass");
        }
        expected.put("/output/upload programs", "info");
        expected.put("/outcome/skip", "skip");
        expected.put("/outcome/failure", "fail");
        expected.put("/outcome/failure (attempt 1)", "fail");
        expected.put("/outcome/flaky (attempt 1)", "fail");
        expected.put("/outcome/too-long", "error");
        assertThat(statuses(results)).as(output()).isEqualTo(expected);

        assertThat(process.exitValue()).as("the run failed").isEqualTo(1);
        assertThat(output()).contains("22 tests:", "19 passed", "1 failed", "1 timed_out", "1 skipped");
        assertThat(Files.readString(results.resolve("files/default/output/upload/programs/programs.txt")))
                .contains("sort\n");
        assertThat(results.resolve("files/default/archive/gzip-levels/level/9/gzip.log"))
                .isNotEmptyFile();
        assertThat(Files.readAllBytes(results.resolve("files/default/output/colours/output.txt")))
                .contains(0x1b, 0x07, 0x00, 0xff);
        assertThat(leftovers(results)).isEmpty();

        Map<String, String> cases = cases(results);
        assertThat(cases.entrySet().stream().filter(c -> c.getKey().matches("/[a-z]+/[a-z/-]+")))
                .as("JUnit XML has every test")
                .hasSizeGreaterThanOrEqualTo(22);
        assertThat(cases)
                .containsEntry("/outcome/failure", "failure")
                .containsEntry("/outcome/too-long", "error")
                .containsEntry("/outcome/skip", "skipped")
                .containsEntry("/outcome/flaky", "passed")
                .containsEntry("/output/colours", "passed");
    }

    @Test
    void badInputIsReportedInOneLine() throws Exception {
        Path results = directory.resolve("results");
        Path missing = directory.resolve("missing");
        assertRefused(missing, results, missing.toString());
        assertThat(results).doesNotExist();

        Files.createDirectory(results);
        Path report = Files.writeString(results.resolve("results.jsonl"), "[]\n");
        assertRefused(TREE, results, report.toString());
        assertThat(report).hasContent("[]\n");

        Path file = Files.writeString(directory.resolve("file"), "");
        assertRefused(TREE, file, file.toString());
    }

    private void assertRefused(Path tree, Path results, String reason) throws Exception {
        Process process = start(tree, results);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(output()).startsWith("quickstart: ").contains(reason).hasLineCount(1);
        assertThat(process.exitValue()).isEqualTo(2);
    }

    @Test
    void ctrlCTwiceEndsTheRunAndLeavesNothing() throws Exception {
        Path results = directory.resolve("results");
        Process process = start(results);
        awaitOutput(process, "started   /outcome/slow");
        Signalled.send("INT", process);
        awaitOutput(process, "no more tests");
        Signalled.send("INT", process);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as(output()).isTrue();

        assertThat(leftovers(results)).isEmpty();
        Set<String> told = new TreeSet<>();
        statuses(results).keySet().forEach(name -> told.add(name.split(" ", 2)[0]));
        assertThat(told).as("lines, one per planned test").hasSize(22);
        assertThat(cases(results).keySet()).as("test cases").containsAll(told);
        assertThat(statuses(results)).containsEntry("/outcome/slow", "infra");
        assertThat(output()).contains("22 tests:");
    }

    private void awaitOutput(Process process, String text) throws IOException {
        while (!output().contains(text)) {
            assertThat(process.isAlive()).as(output()).isTrue();
            LockSupport.parkNanos(5_000_000);
        }
    }
}
