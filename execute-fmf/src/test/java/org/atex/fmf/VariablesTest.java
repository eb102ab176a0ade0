package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The environment variables of tests, compared with the table in the README. */
@Timeout(180)
class VariablesTest extends LocalSuite {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([A-Z_]+)` \\| (set|left out|BeakerLib) \\|");

    private static Map<String, String> table() throws Exception {
        Map<String, String> table = new TreeMap<>();
        Matcher row = ROW.matcher(Files.readString(Path.of("README.md")));
        while (row.find()) {
            table.put(row.group(1), row.group(2));
        }
        return table;
    }

    private Map<String, String> environment(FmfTests tests) throws Exception {
        Ran ran = suite.run(connection, tests, FmfOptions.defaults());
        Map<String, String> environment = new TreeMap<>();
        ran.file("data/environment").lines().filter(line -> line.contains("=")).forEach(line -> {
            environment.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
        });
        return environment;
    }

    @Test
    void theTableInTheReadmeIsCorrect() throws Exception {
        Map<String, String> table = table();
        assertThat(table).hasSizeGreaterThan(25);
        String script = "test: env >$TMT_TEST_DATA/environment\n";
        Map<String, String> shell = environment(suite.tests(script));
        Map<String, String> beakerlib =
                environment(BeakerlibTest.withoutPackages(suite.tests("framework: beakerlib\n" + script)));
        table.forEach((name, how) -> {
            assertThat(shell.containsKey(name)).as(name + " in a shell test").isEqualTo(how.equals("set"));
            assertThat(beakerlib.containsKey(name))
                    .as(name + " in a test of BeakerLib's")
                    .isEqualTo(!how.equals("left out"));
        });
        assertThat(shell.keySet().stream().filter(name -> name.startsWith("TMT_")))
                .allMatch(table::containsKey);
    }

    @Test
    void valuesAreCorrect() throws Exception {
        FmfTests tests = suite.tests("""
                /first:
                    test: "true"
                /second:
                    test: |
                        [[ $TMT_TEST_SERIAL_NUMBER == 2 && $TMT_TEST_ITERATION_ID == ?*-2 ]]
                        [[ -d $TMT_TEST_DATA && -w $TMT_PLAN_DATA && $TMT_TEST_DATA == "$TMT_TEST_INVOCATION_PATH"/* ]]
                        [[ $RSTRNT_TASKNAME == "$TMT_TEST_NAME" ]]
                        read -r pid _ <"$TMT_TEST_PIDFILE"
                        [[ $pid == $PPID ]]
                        . "$TMT_TOPOLOGY_BASH"
                        [[ ${TMT_GUEST[hostname]} == "$HOSTNAME" && ${TMT_GUESTS[default-0.name]} == default-0 ]]
                        [[ $TMT_GUEST_NAMES == default-0 ]]
                        grep -q 'guest-names' "$TMT_TOPOLOGY_YAML"
                        echo x >file
                        tmt-file-submit -l file
                        [[ $(<"$TMT_TEST_SUBMITTED_FILES") == file ]]
                """);
        try (var executor = FmfExecutor.factory(tests).open(connection)) {
            Artifacts artifacts = suite.artifacts();
            TestEnd end = executor.run(tests.get(1), artifacts);
            assertThat(end).as(new Ran(end, artifacts).output()).isEqualTo(TestEnd.exited(0));
        }
    }

    @Test
    void planDataIsDownloaded() throws Exception {
        Files.writeString(suite.tree().resolve("main.fmf"), """
                /plan:
                    discover: {how: fmf}
                    prepare: {how: shell, script: 'mkdir -p $TMT_PLAN_DATA/logs; echo prepared >$TMT_PLAN_DATA/logs/all'}
                    finish: {how: shell, script: 'echo finished >>$TMT_PLAN_DATA/logs/all'}
                /test:
                    test: echo tested >>$TMT_PLAN_DATA/logs/all
                """);
        FmfTests tests = FmfTests.from(suite.tree()).plan("/plan").discover();
        Path logs = directory.resolve("logs");
        Ran ran = suite.run(connection, tests, FmfOptions.defaults().withSetUpLogs(logs));
        assertThat(ran.end()).isEqualTo(TestEnd.exited(0));
        try (var all = Files.walk(logs)) {
            Path kept = all.filter(path -> path.endsWith("plan-data/logs/all"))
                    .findFirst()
                    .orElseThrow();
            assertThat(kept).hasContent("prepared\ntested\nfinished");
        }
    }
}
