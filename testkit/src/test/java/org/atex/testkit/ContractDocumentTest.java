package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checks that {@code docs/contract.md} and the contract classes have the same rules. */
class ContractDocumentTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "contract.md");
    private static final Path SOURCES = Path.of("src", "main", "java", "org", "atex", "testkit");
    private static final Pattern RULE = Pattern.compile("- ([CXPAO]\\d\\d) (.+\\.)");
    private static final List<Class<?>> CONTRACTS = List.of(
            ConnectionContract.class,
            ExecutorContract.class,
            ProvisionerContract.class,
            AggregatorContract.class,
            OrchestratorContract.class);

    private static Stream<Method> tests() {
        return CONTRACTS.stream()
                .flatMap(contract -> Stream.of(contract.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(Test.class));
    }

    /** The paragraphs and list items of the document, each on one line. */
    private static List<String> items() throws IOException {
        return Files.readString(DOCUMENT).replaceAll("\\n +", " ").lines().toList();
    }

    private static List<String> testedRules() throws IOException {
        List<String> tested = new ArrayList<>();
        for (String item : items()) {
            Matcher rule = RULE.matcher(item);
            if (rule.matches() && !rule.group(2).contains("Untested: ")) {
                tested.add(rule.group(1));
            }
        }
        return tested;
    }

    @Test
    void rulesAndTestsMatch() throws Exception {
        List<String> tested = testedRules();
        Set<String> tests = tests().map(
                        method -> method.getName().substring(0, 3).toUpperCase(Locale.ROOT))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(tested).doesNotHaveDuplicates();
        assertThat(tests).containsExactlyInAnyOrderElementsOf(tested);
    }

    @Test
    void everyTestedRuleHasABrokenImplementation() throws Exception {
        List<String> broken = Stream.of(
                        BrokenCommandsTest.broken(),
                        BrokenConnectionsTest.broken(),
                        BrokenExecutorsTest.broken(),
                        BrokenProvisionersTest.broken(),
                        BrokenAggregatorsTest.broken(),
                        BrokenOrchestratorsTest.broken())
                .flatMap(table -> table.map(row -> row.rule().toUpperCase(Locale.ROOT)))
                .toList();

        assertThat(broken)
                .as("rules that an implementation in the tables of the Broken…Test classes violates")
                .containsExactlyInAnyOrderElementsOf(testedRules());
    }

    /** {@code .ci/skips} relies on this: in a complete environment, only tests of optional rules may be skipped. */
    @Test
    void onlyTestsOfOptionalRulesMayBeSkipped() throws Exception {
        List<String> optional = items().stream()
                .map(RULE::matcher)
                .filter(rule -> rule.matches() && rule.group(2).startsWith("*Optional.*"))
                .map(rule -> rule.group(1))
                .toList();
        List<String> skipped = new ArrayList<>();
        for (Class<?> contract : CONTRACTS) {
            String source = Files.readString(SOURCES.resolve(contract.getSimpleName() + ".java"));
            for (String method : source.split("@Test\\s+void ")) {
                if (method.matches("(?s)[cxpao]\\d\\d_.*\\bassumeTrue\\(.*")) {
                    skipped.add(method.substring(0, 3).toUpperCase(Locale.ROOT));
                }
            }
        }

        assertThat(skipped).containsExactlyInAnyOrderElementsOf(optional);
    }

    @Test
    void everyTestIsNamedAfterOneRule() {
        assertThat(tests()).allSatisfy(method -> assertThat(method.getName()).matches("[cxpao]\\d\\d_[a-zA-Z0-9]+"));
        assertThat(tests().map(method -> method.getName().substring(0, 3))).doesNotHaveDuplicates();
    }

    @Test
    void everyContractHasATimeLimit() {
        assertThat(CONTRACTS).allMatch(contract -> contract.isAnnotationPresent(Timeout.class));
    }

    @Test
    void everyRuleIsASentenceWithANumber() throws Exception {
        assertThat(items().stream().dropWhile(item -> !item.startsWith("## ")).filter(item -> item.startsWith("- ")))
                .allMatch(item -> RULE.matcher(item).matches());
    }
}
