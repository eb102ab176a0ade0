package org.atex.findings;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.atex.api.Excerpt;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.SystemInfo;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.api.Verdict;
import org.atex.artifacts.History;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A JSON parser reads the findings back. */
@Timeout(180)
class JsonFindingsTest {
    private static final FindingsOptions DEFAULTS = FindingsOptions.defaults();

    private static JsonNode read(Findings findings) {
        return new ObjectMapper().readTree(findings.json());
    }

    private static List<String> texts(JsonNode array, String key) {
        return array.valueStream().map(node -> node.get(key).asString()).toList();
    }

    @Test
    void jsonHasAllFindings() {
        TestRecord passed = SampleRun.record(TestCase.named("/net/dns"), TestEnd.exited(0))
                .withTimes(SampleRun.START.minus(Duration.ofDays(1)), Duration.ZERO);
        JsonNode json = read(SampleRun.findings(DEFAULTS.withSources("tests")
                .withRuns(Path.of("runs"))
                .withHistory(History.of("yesterday", List.of(passed)))));

        assertThat(json.get("version").asInt()).isEqualTo(1);
        assertThat(json.at("/run/id").asString()).isEqualTo(SampleRun.ID);
        assertThat(json.at("/run/platform").asString()).isEqualTo("fedora");
        assertThat(json.at("/run/seconds").asDouble()).isEqualTo(83);
        assertThat(json.at("/run/directory").asString()).isEqualTo("runs/run-run-of-a-sample");
        assertThat(json.get("verdict").asString()).isEqualTo("FAILED");
        assertThat(json.get("exitCode").asInt()).isEqualTo(1);
        assertThat(json.get("ended").asBoolean()).isTrue();
        assertThat(json.get("tests").asInt()).isEqualTo(6);
        assertThat(json.get("counts").toString())
                .isEqualTo("{\"passed\":2,\"failed\":1,\"lost\":1,\"not_run\":2,\"flaky\":1,\"known\":0}");
        assertThat(json.get("omitted").toString())
                .isEqualTo("{\"failed\":0,\"flaky\":0,\"notRun\":0,\"problems\":0,\"again\":0}");
        JsonNode dns = json.at("/failed/0");
        assertThat(dns.get("test").asString()).isEqualTo("/net/dns");
        assertThat(dns.get("outcome").asString()).isEqualTo("failed");
        assertThat(dns.get("reason").asString()).isEqualTo("exit code 3");
        assertThat(dns.get("exitCode").asInt()).isEqualTo(3);
        assertThat(dns.get("file").asString()).isEqualTo("tests/net/dns.fmf");
        assertThat(dns.get("line").asInt()).isEqualTo(7);
        assertThat(dns.get("system").asString()).isEqualTo("host-3");
        assertThat(dns.at("/since/new").asBoolean()).isTrue();
        assertThat(dns.at("/since/lastPassed").asString()).isEqualTo("2026-11-19T10:00:00Z");
        assertThat(dns.at("/attempts/0").toString())
                .isEqualTo("{\"attempt\":1,\"outcome\":\"failed\",\"system\":\"host-3\","
                        + "\"started\":\"2026-11-20T10:00:01Z\",\"seconds\":1.5}");
        assertThat(dns.at("/parts/0").toString())
                .isEqualTo("{\"name\":\"reverse\",\"status\":\"fail\",\"note\":\"no PTR record\"}");
        assertThat(dns.get("lastLines").toString()).isEqualTo("[\"first\",\"the last line\"]");
        assertThat(json.at("/flaky/0/test").asString()).isEqualTo("/net/flaky");
        assertThat(json.at("/flaky/0/attempts/0/reason").asString()).isEqualTo("timing");
        assertThat(json.at("/notRun/0").toString())
                .isEqualTo("{\"reason\":\"no system has a tape drive\",\"outcome\":\"not_run\",\"count\":2,"
                        + "\"tests\":[\"/tape\",\"/reel\"]}");
        assertThat(json.at("/problems/0/verdict").asString()).isEqualTo("INFRASTRUCTURE");
        assertThat(json.at("/again/count").asInt()).isEqualTo(4);
        assertThat(json.at("/again/java").asString()).contains("PastRun.read(Path.of(\"runs/run-run-of-a-sample\"))");
        assertThat(json.at("/again/tests").toString()).isEqualTo("[\"/kernel/boot\",\"/net/dns\",\"/tape\",\"/reel\"]");
    }

    @ParameterizedTest
    @MethodSource("org.atex.findings.HostileText#texts")
    void hostileTextIsRead(String text) {
        PlainTest test = TestCase.named(text).withSource(new TestSource("x" + text, 1));
        Excerpt excerpt = new Excerpt(
                List.of(ReportedResult.of(Status.FAIL, text, List.of()).withName(text)), List.of(text, text));
        FindingsCollector collector = FindingsCollector.of(DEFAULTS);
        TestRecord record =
                SampleRun.record(test, TestEnd.of(Outcome.FAILED, text)).withSystem(SystemInfo.named("s" + text), 1);
        new SampleRun(collector)
                .start(test)
                .test(List.of(record), excerpt)
                .problem(Problem.infrastructure(text))
                .end();
        Findings findings = collector.findings().orElseThrow();

        String json = findings.json();
        assertThat(json.chars().allMatch(c -> c == '\n' || c >= ' ' && c < 0x80))
                .as("visible ASCII characters only")
                .isTrue();
        assertThat(json.lines())
                .as("no commands of CI services")
                .noneMatch(line -> line.contains("##") || line.strip().startsWith("::"));
        JsonNode failed = read(findings).at("/failed/0");
        if (text.length() < 1000) {
            assertThat(failed.get("test").asString()).isEqualTo(text);
            assertThat(failed.at("/lastLines/1").asString()).isEqualTo(text);
            assertThat(failed.at("/parts/0/note").asString()).isEqualTo(text);
        } else {
            assertThat(failed.get("test").asString())
                    .startsWith(text.substring(0, 200))
                    .endsWith("more characters)");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16 << 10, 64 << 10, 256 << 10})
    void sizeIsBounded(int limit) {
        String name = "/\u00e9\u0001" + "n".repeat(300);
        List<String> lines = IntStream.range(0, 20)
                .mapToObj(i -> "\u001b[31m\u4e2d" + "y".repeat(500))
                .toList();
        Findings findings =
                SampleRun.failing(DEFAULTS.withMaxJsonBytes(limit), 2000, name, new Excerpt(List.of(), lines));

        String json = findings.json();
        assertThat(json.getBytes(UTF_8).length).isBetween(limit / 2, limit);
        JsonNode tree = read(findings);
        int told = tree.get("failed").size();
        assertThat(told + tree.at("/omitted/failed").asInt())
                .as("all are counted")
                .isEqualTo(2000);
        assertThat(told).isPositive();
        assertThat(tree.at("/again/tests").size() + tree.at("/omitted/again").asInt())
                .isEqualTo(2000);
        assertThat(texts(tree.get("failed"), "reason").get(0)).startsWith("reason 0 ");
        assertThat(tree.at("/failed/" + (told - 1) + "/brief").asBoolean())
                .as("the last one has no details")
                .isTrue();
    }

    @Test
    void oneTestWithMuchTextDoesNotTakeTheDetailsOfOthers() {
        FindingsCollector collector = FindingsCollector.of(DEFAULTS.withMaxJsonBytes(64 << 10));
        SampleRun run = new SampleRun(collector).start();
        List<String> much =
                IntStream.range(0, 20).mapToObj(i -> "\u4e2d".repeat(500)).toList();
        run.test(TestCase.named("/much"), TestEnd.exited(1), new Excerpt(List.of(), much));
        run.test(TestCase.named("/little"), TestEnd.exited(1), SampleRun.excerpt("a line"));
        run.end();
        JsonNode failed = read(collector.findings().orElseThrow()).get("failed");
        assertThat(failed.at("/0/brief").asBoolean()).isTrue();
        assertThat(failed.at("/1/lastLines/0").asString()).isEqualTo("a line");
    }

    @Test
    void headFitsIntoTheSmallestLimit() {
        String wild = "\u4e2d".repeat(5000);
        Findings findings = new Findings(
                new RunFacts(
                        wild,
                        wild,
                        Path.of("/" + "\u00e9".repeat(4000)),
                        SampleRun.START,
                        Duration.ofDays(400),
                        true,
                        Verdict.PASSED,
                        0,
                        List.of(),
                        List.of(),
                        test -> test),
                DEFAULTS.withMaxJsonBytes(FindingsOptions.LEAST_BYTES));
        assertThat(findings.json().length()).isLessThan(FindingsOptions.LEAST_BYTES);
        assertThat(findings.markdown(FindingsOptions.LEAST_BYTES).getBytes(UTF_8).length)
                .isLessThan(FindingsOptions.LEAST_BYTES);
    }

    @Test
    void hundredThousandFailuresAreBounded() {
        Findings findings = SampleRun.failing(DEFAULTS, 100_000, "/t", SampleRun.excerpt("x"));
        assertThat(findings.json().length()).isLessThanOrEqualTo(256 << 10);
        assertThat(read(findings).at("/again/count").asInt()).isEqualTo(100_000);
        assertThat(findings.markdown().length()).isLessThanOrEqualTo(256 << 10);
    }
}
