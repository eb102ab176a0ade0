package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.api.PlainTest;
import org.atex.api.TestRecord;
import org.atex.artifacts.PastRun;
import org.atex.lab.ChildJvm;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.lab.SshSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Kills a program at random moments, again and again, until its run has ended: each test has one result. */
@Timeout(500)
class ResumedRunsTest {
    /** How often each program is killed; -Datex.kills=50 for a thorough test. */
    private static final int KILLS = Integer.getInteger("atex.kills", 3);

    private static final Pattern ATTEMPT_IN_PAGE = Pattern.compile("\\{\"k\":\"a\",");
    private static final Pattern CASE = Pattern.compile("<testcase name=\"([^\"]*)\"");

    @RegisterExtension
    final Lab lab = new Lab();

    @TempDir
    private Path directory;

    private Process start(List<String> systems) throws IOException {
        List<String> line = ChildJvm.java();
        line.addAll(List.of(
                "-Djava.io.tmpdir=" + directory,
                "-cp",
                ClassPath.ofPrograms(),
                ResumedProgram.class.getName(),
                directory.toString()));
        line.addAll(systems);
        return new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("errors").toFile()))
                .start();
    }

    /** Starts the program, and kills it after a number of events. {@return whether its run ended before} */
    private boolean killAfter(int events, List<String> systems) throws Exception {
        Process program = start(systems);
        try (BufferedReader output = program.inputReader()) {
            for (int i = 0; i < events; i++) {
                if (output.readLine() == null) {
                    break;
                }
            }
        } finally {
            program.destroyForcibly();
            assertThat(program.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
        return program.exitValue() != 128 + 9;
    }

    private int finish(List<String> systems) throws Exception {
        Process program = start(systems);
        try (BufferedReader output = program.inputReader()) {
            while (output.readLine() != null) {
                // to the end
            }
        }
        assertThat(program.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return program.exitValue();
    }

    private void killAgainAndAgain(long seed, List<String> systems) throws Exception {
        Random random = new Random(seed);
        List<String> names = IntStream.rangeClosed(1, ResumedProgram.TESTS)
                .mapToObj(i -> "/t" + i)
                .toList();
        for (int kills = 0, runs = 0; kills < KILLS; ) {
            boolean ended = killAfter(random.nextInt(60), systems);
            kills++;
            if (ended || kills == KILLS) {
                int exitCode = ended ? 0 : finish(systems);
                assertThat(exitCode)
                        .as("the exit code; the log: %s", Files.readString(directory.resolve("errors")))
                        .isZero();
                check(names, ++runs);
                for (String file : List.of("results.jsonl", "files", "junit.xml", "allure-results", "report.html")) {
                    delete(directory.resolve(file));
                }
            }
        }
    }

    private void check(List<String> names, int runs) throws Exception {
        PastRun past = PastRun.latest(directory.resolve("runs")).orElseThrow();
        assertThat(past.problems()).isEmpty();
        assertThat(past.notPassed()).isEmpty();
        assertThat(past.tests()).extracting(PlainTest::name).containsExactlyElementsOf(names);
        List<String> stored = Files.readAllLines(directory.resolve("results.jsonl")).stream()
                .map(line -> line.split("\"")[5])
                .filter(name -> !name.contains(" (attempt "))
                .distinct()
                .toList();
        assertThat(stored).as("the names in the lines of run %d", runs).containsExactlyInAnyOrderElementsOf(names);
        List<String> cases = new ArrayList<>();
        Matcher matcher = CASE.matcher(Files.readString(directory.resolve("junit.xml")));
        while (matcher.find()) {
            cases.add(matcher.group(1));
        }
        assertThat(cases).containsExactlyInAnyOrderElementsOf(names);
        try (Stream<Path> results = Files.list(directory.resolve("allure-results"))) {
            assertThat(results.filter(file -> file.toString().endsWith("-result.json")))
                    .as("one for each attempt")
                    .hasSameSizeAs(past.attempts());
        }
        assertThat(ATTEMPT_IN_PAGE
                        .matcher(Files.readString(directory.resolve("report.html")))
                        .results())
                .as("one for each attempt in the page")
                .hasSameSizeAs(past.attempts());
        try (Stream<Path> left = Files.list(past.directory())) {
            assertThat(left.map(entry -> entry.getFileName().toString()))
                    .as("nothing waits to be stored")
                    .containsExactlyInAnyOrder("journal.jsonl", "run.log", "attempts");
        }
        for (TestRecord record : past.attempts()) {
            assertThat(past.artifacts(record).isNone())
                    .as("the files of %s, attempt %s, are kept", record.name(), record.attempt())
                    .isFalse();
        }
        assertThat(directory.resolve("files/default"))
                .isDirectoryNotContaining(path -> path.getFileName().toString().startsWith("."));
    }

    private static void delete(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            try (Stream<Path> entries = Files.list(path)) {
                for (Path entry : entries.toList()) {
                    delete(entry);
                }
            }
        }
        Files.deleteIfExists(path);
    }

    @Test
    void onThisMachine() throws Exception {
        killAgainAndAgain(1, List.of("local"));
    }

    @Test
    void inContainers() throws Exception {
        killAgainAndAgain(2, List.of("podman"));
    }

    @Test
    void onSshHosts() throws Exception {
        SshSystem host = lab.ssh(LabImage.SYSTEMD);
        killAgainAndAgain(
                3, List.of("ssh", host.key().toString(), host.knownHosts().toString(), host.destination()));
    }
}
