package org.atex.findings;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
import org.atex.artifacts.CiCommands;
import org.atex.support.PrintableText;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.ext.gfm.tables.TableBody;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.BulletList;
import org.commonmark.node.Code;
import org.commonmark.node.Document;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.ListItem;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.StrongEmphasis;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A parser of CommonMark with tables reads the findings back. */
@Timeout(180)
class MarkdownFindingsTest {
    private static final FindingsOptions DEFAULTS = FindingsOptions.defaults();
    private static final Parser PARSER =
            Parser.builder().extensions(List.of(TablesExtension.create())).build();

    private static List<Node> nodes(String markdown) {
        List<Node> nodes = new ArrayList<>();
        collect(PARSER.parse(markdown), nodes);
        return nodes;
    }

    private static void collect(Node node, List<Node> nodes) {
        nodes.add(node);
        for (Node child = node.getFirstChild(); child != null; child = child.getNext()) {
            collect(child, nodes);
        }
    }

    private static <T extends Node> Stream<T> of(List<Node> nodes, Class<T> type) {
        return nodes.stream().filter(type::isInstance).map(type::cast);
    }

    private static List<String> code(List<Node> nodes) {
        return of(nodes, Code.class).map(Code::getLiteral).toList();
    }

    @Test
    void markdownHasAllFindings() {
        String markdown = SampleRun.findings(DEFAULTS.withRuns(Path.of("runs")).withSources("tests"))
                .markdown();
        assertThat(markdown).isEqualTo("""
                        ## Test run: failed

                        6 tests: 2 failed or unknown, 2 not run, 1 flaky. Time: 1:23 min.

                        Run `run-of-a-sample` on platform `fedora`, started 2026-11-20T10:00:01Z.

                        | outcome | tests |
                        | --- | ---: |
                        | passed | 2 |
                        | failed | 1 |
                        | lost | 1 |
                        | not run | 2 |

                        ### Failed

                        #### `/net/dns` failed

                        - reason: `exit code 3`
                        - fails since: not known
                        - system: `host-3`
                        - defined in: `tests/net/dns.fmf:7`

                        Failed parts:

                        - `fail` `reverse`: `no PTR record`

                        Last lines:

                        ```text
                        first
                        the last line
                        ```

                        #### `/kernel/boot` lost

                        - reason: `no answer for 60 s`
                        - fails since: not known
                        - system: `host-3`

                        ### Flaky

                        - `/net/flaky` passed in attempt 2; 2 attempts: 1 failed: `timing`; 2 passed

                        ### Not run

                        - 2 tests not run: `no system has a tape drive` (`/tape`, `/reel`)

                        ### Problems

                        - infrastructure: `system gamma could not be set up`

                        ### Run again

                        4 tests did not pass. To run only these again:

                        ```text
                        AdHocOrchestrator.builder(PastRun.read(Path.of("runs/run-run-of-a-sample")).notPassed(tests))
                        ```
                        """);
        List<Node> nodes = nodes(markdown);
        assertThat(of(nodes, TableBlock.class)).hasSize(1);
        assertThat(of(nodes, TableBody.class).findFirst().orElseThrow().getFirstChild())
                .isNotNull();
    }

    @ParameterizedTest
    @MethodSource("org.atex.findings.HostileText#texts")
    void hostileTextStaysText(String text) {
        PlainTest test = TestCase.named(text).withSource(new TestSource("x" + text, 1));
        PlainTest notRun = TestCase.named("not run" + text);
        Excerpt excerpt = new Excerpt(
                List.of(ReportedResult.of(Status.FAIL, text, List.of()).withName(text)), List.of(text, text));
        FindingsCollector collector = FindingsCollector.of(DEFAULTS);
        TestRecord record =
                SampleRun.record(test, TestEnd.of(Outcome.FAILED, text)).withSystem(SystemInfo.named("s" + text), 1);
        new SampleRun(collector)
                .start(test)
                .test(List.of(record), excerpt)
                .test(
                        List.of(
                                record.withAttempt(1, false),
                                SampleRun.record(test, TestEnd.exited(0)).withAttempt(2, true)),
                        excerpt)
                .test(List.of(TestRecord.notRun("fedora", notRun, text)), Excerpt.none())
                .problem(Problem.infrastructure(text))
                .end();
        String markdown = collector.findings().orElseThrow().markdown();

        assertThat(markdown.chars()
                        .allMatch(c -> c == '\n'
                                || PrintableText.of(Character.toString(c), 1).equals(Character.toString(c))
                                || Character.isSurrogate((char) c)))
                .as("no control characters")
                .isTrue();
        assertThat(markdown.lines())
                .as("no commands of CI services")
                .noneMatch(line -> line.strip().startsWith("::") || line.matches(".*##[\\w.-]*\\[.*"));
        List<Node> nodes = nodes(markdown);
        assertThat(nodes)
                .as("only what the findings have without the text")
                .allMatch(node -> node instanceof Document
                        || node instanceof Heading
                        || node instanceof Paragraph
                        || node instanceof BulletList
                        || node instanceof ListItem
                        || node instanceof Code
                        || node instanceof FencedCodeBlock
                        || node instanceof Text
                        || node instanceof SoftLineBreak
                        || node instanceof StrongEmphasis
                        || node.getClass().getName().startsWith("org.commonmark.ext.gfm.tables."));
        assertThat(of(nodes, Heading.class)).hasSize(7);
        assertThat(of(nodes, TableBlock.class)).hasSize(1);
        assertThat(of(nodes, FencedCodeBlock.class)).hasSizeBetween(1, 2);
        assertThat(of(nodes, ListItem.class)).hasSize((text.isBlank() ? 3 : 4) + 1 + 1 + 1 + 1);
        assertThat(of(nodes, Text.class).map(Text::getLiteral))
                .as("no text of the tests outside of code")
                .noneMatch(literal -> literal.contains("alert") || literal.contains("octocat"));
        String first = CiCommands.escape(PrintableText.of(text, 100))
                .replace("\\x1b[31m", "")
                .replace("\\x1b[0m", "");
        String shown = first.substring(0, Math.min(first.length(), 6)).strip();
        assertThat(code(nodes)).anyMatch(code -> code.strip().startsWith(shown));
        FencedCodeBlock lines = of(nodes, FencedCodeBlock.class).findFirst().orElseThrow();
        assertThat(lines.getLiteral().lines()).as("the last lines").hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {16 << 10, 64 << 10, 256 << 10})
    void sizeIsBounded(int limit) {
        List<String> lines = IntStream.range(0, 20)
                .mapToObj(i -> "\u4e2d`" + "y".repeat(500))
                .toList();
        Findings findings = SampleRun.failing(DEFAULTS, 2000, "/" + "n".repeat(300), new Excerpt(List.of(), lines));

        String markdown = findings.markdown(limit);
        assertThat(markdown.getBytes(UTF_8).length).isBetween(limit / 2, limit);
        List<Node> nodes = nodes(markdown);
        long full = of(nodes, Heading.class)
                .filter(heading -> heading.getLevel() == 4)
                .count();
        long brief =
                markdown.lines().filter(line -> line.startsWith("- failed `")).count();
        String omitted = markdown.lines()
                .filter(line -> line.endsWith("left out for lack of space."))
                .findFirst()
                .orElseThrow();
        assertThat(full).isGreaterThanOrEqualTo(limit >= 64 << 10 ? 3 : 0);
        assertThat(brief).isPositive();
        assertThat(omitted).startsWith((2000 - full - brief) + " failed tests are left out");
        assertThat(nodes.getFirst().getLastChild()).as("the end is there").isInstanceOf(Paragraph.class);
        assertThat(markdown).endsWith("Keep the run with `keep(directory)` to run only these again.\n");
    }
}
