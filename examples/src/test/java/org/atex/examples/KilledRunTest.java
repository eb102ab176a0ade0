package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.atex.api.TestRecord;
import org.atex.artifacts.Spool;
import org.atex.junitxml.JUnitXmlAggregator;
import org.atex.lab.ChildJvm;
import org.atex.testkit.Call;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Kills QuickStart twenty times and compares the stored results with a diary that the tests keep: each test records
 * its start, the results stored by then, and its end.
 */
@Timeout(300)
class KilledRunTest {
    private static final int KILLS = 4;
    private static final int TESTS = 300;
    /** The guard of local commands searches up to 300 times for remaining processes, every 0.1 s. */
    private static final Duration GUARD_LOOKS_FOR = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    @BeforeEach
    void makeTree() throws IOException {
        Path tree = Files.createDirectories(directory.resolve("tree/.fmf"));
        Files.writeString(tree.resolve("version"), "1\n");
        StringBuilder tests = new StringBuilder();
        for (int i = 1; i <= TESTS; i++) {
            tests.append("/t").append(i).append(":\n    test: ./note.sh\n");
        }
        Files.writeString(directory.resolve("tree/tests.fmf"), tests);
        Files.writeString(
                directory.resolve("tree/plans.fmf"), "/all:\n    execute: {how: tmt}\n    discover: {how: fmf}\n");
        Path script = directory.resolve("tree/note.sh");
        // One write per record, so that records are neither mixed nor incomplete.
        Files.writeString(script, """
                #!/bin/bash
                printf '%s\\n' "begin $TMT_TEST_NAME" >>"$DIARY"
                stored=$(cut -d, -f3 "$FLAKY_STATE/results.jsonl" | sed -n 's/^"\\(.*\\)"$/stored \\1/p')
                [[ -z $stored ]] || printf '%s\\n' "$stored" >>"$DIARY"
                seq "$((RANDOM % 2000))"
                printf '%s\\n' "end $TMT_TEST_NAME" >>"$DIARY"
                """);
        assertThat(script.toFile().setExecutable(true)).isTrue();
    }

    private final class Run {
        final Path results;
        final Path diary;

        Run(int number) throws IOException {
            Path place = Files.createDirectories(directory.resolve("run" + number));
            results = place.resolve("results");
            diary = place.resolve("diary");
        }

        private Process start() throws IOException {
            List<String> command = ChildJvm.java();
            command.addAll(List.of(
                    "-Djava.io.tmpdir=" + diary.getParent(),
                    "-cp",
                    ClassPath.ofPrograms(),
                    QuickStart.class.getName(),
                    directory.resolve("tree").toString(),
                    results.toString()));
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().put("DIARY", diary.toString());
            builder.environment().put("TMPDIR", directory.toString());
            return builder.redirectErrorStream(true).start();
        }

        /** Starts the program, and kills it after it has printed the given number of lines. */
        void killAfter(int lines) throws Exception {
            Process process = start();
            try (BufferedReader output = process.inputReader()) {
                for (int i = 0; i < lines; i++) {
                    assertThat(output.readLine()).as("line " + i).isNotNull();
                }
            } finally {
                kill(process);
            }
            assertThat(process.exitValue()).as("killed").isEqualTo(128 + 9);
            awaitTests();
        }

        private static void kill(Process process) throws InterruptedException {
            process.toHandle().destroyForcibly();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }

        /** Returns the names of tests that the program left for a report. */
        Set<String> replayed(Path report) throws IOException {
            RecordingAggregator rest = RecordingAggregator.create();
            Path runs = results.resolve("runs");
            if (Files.exists(runs)) {
                assertThat(Spool.replay(runs, "results in " + report, rest).problems())
                        .isEmpty();
            }
            return rest.records().stream().map(TestRecord::name).collect(Collectors.toSet());
        }

        /** Starts the program, and kills it after a test has started. */
        void killWithinATest() throws Exception {
            Process process = start();
            try {
                Call.eventually("a test begins", () -> Files.exists(diary));
            } finally {
                kill(process);
            }
            awaitTests();
        }

        /** Waits for the end of the running tests, by their processes, as their parent is dead. */
        private void awaitTests() throws IOException {
            List<ProcessHandle> left = new ArrayList<>();
            try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
                for (Path process : processes
                        .filter(p -> p.getFileName().toString().matches("[0-9]+"))
                        .toList()) {
                    if (environment(process).contains("DIARY=" + diary)) {
                        ProcessHandle.of(Long.parseLong(process.getFileName().toString()))
                                .ifPresent(left::add);
                    }
                }
            }
            for (ProcessHandle process : left) {
                String what = process.pid() + " " + process.info() + " of " + process.parent() + " "
                        + environment(Path.of("/proc", Long.toString(process.pid())));
                assertThat(process.onExit())
                        .as("a process that outlives the program: %s", what)
                        .succeedsWithin(GUARD_LOOKS_FOR);
            }
        }

        private String environment(Path process) {
            try {
                return Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
            } catch (IOException e) {
                return ""; // ended meanwhile, or of another user
            }
        }

        Set<String> noted(String what) throws IOException {
            if (!Files.exists(diary)) {
                return Set.of();
            }
            try (Stream<String> notes = Files.lines(diary)) {
                return notes.filter(note -> note.startsWith(what + " "))
                        .map(note -> note.substring(what.length() + 1))
                        .collect(Collectors.toSet());
            }
        }

        /** The tests in the whole lines of results.jsonl; each of them must parse. */
        Set<String> stored() throws IOException {
            Path file = results.resolve("results.jsonl");
            if (!Files.exists(file)) {
                return Set.of();
            }
            String text = Files.readString(file);
            Set<String> names = new LinkedHashSet<>();
            for (String line :
                    text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
                assertThat(names.add(testIn(line))).as("once only: " + line).isTrue();
            }
            return names;
        }

        Set<String> cases() throws Exception {
            NodeList list = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(results.resolve("junit.xml").toFile())
                    .getElementsByTagName("testcase");
            Set<String> names = new LinkedHashSet<>();
            for (int i = 0; i < list.getLength(); i++) {
                names.add(((Element) list.item(i)).getAttribute("name"));
            }
            return names;
        }
    }

    private static String testIn(String line) {
        try (JsonParser json = new JsonFactory().createParser(ObjectReadContext.empty(), line)) {
            assertThat(json.nextToken()).isEqualTo(JsonToken.START_ARRAY);
            json.nextToken();
            json.nextToken();
            json.nextToken();
            String test = json.getString();
            while (json.nextToken() != null) {
                // to the end: all of it must parse
            }
            return test;
        } catch (JacksonException e) {
            throw new AssertionError("no JSON: " + line, e);
        }
    }

    @Test
    void longTestsEndWithTheProgram() throws Exception {
        Files.writeString(
                directory.resolve("tree/note.sh"), "#!/bin/bash\necho begin >>\"$DIARY\"; setsid sleep 10000 & wait\n");
        new Run(1).killWithinATest();
    }

    @Test
    void resultsStoredBeforeAKillAreKept() throws Exception {
        Random random = new Random(10);
        int storedInAll = 0;
        for (int i = 0; i < KILLS; i++) {
            Run run = new Run(i);
            run.killAfter(1 + random.nextInt(TESTS / 3));

            Set<String> stored = run.stored();
            assertThat(run.noted("end"))
                    .as("run " + i + ": only ended tests are stored")
                    .containsAll(stored);
            assertThat(stored)
                    .as("run " + i + ": results that were stored before a test began are present")
                    .containsAll(run.noted("stored"));
            storedInAll += stored.size();

            Path report = run.results.resolve("junit.xml");
            if (Files.exists(report)) {
                assertThat(run.noted("end")).containsAll(run.cases());
            }
            if (JUnitXmlAggregator.recover(report)) {
                Set<String> cases = run.cases();
                assertThat(run.noted("end")).containsAll(cases);
                cases.addAll(run.replayed(report));
                assertThat(cases)
                        .as("run " + i + ": what is not in the report is in the spool")
                        .containsAll(stored);
            }
        }
        assertThat(storedInAll).as("results stored before the kills").isGreaterThan(KILLS);
    }
}
