package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Compares the tests that plans select with those of tmt 1.80. Each tree has a file {@code expected.json}: its root,
 * the context, the plan, and the tests in their order or a part of the error message.
 */
class TmtPlansTest {
    /** A directory with trees of other projects, which are not part of this one; null if none is given. */
    private static final @Nullable String OTHER_PROJECTS = System.getProperty("atex.fmf.plans");

    /** A plan in a context with the expected result. */
    private record Row(String tree, Path root, String context, String plan, Map<?, ?> expected) {
        private FmfDiscovery discovery() {
            FmfDiscovery discovery = FmfTests.from(root).withoutLibraries();
            return context.equals("no context")
                    ? discovery
                    : discovery.context(FmfContext.ofPairs(List.of(context.split(", "))));
        }

        /** {@return the names of the tests} The suffix of a test that runs again is removed, as tmt has none. */
        private List<String> names(FmfDiscovery discovery) throws InterruptedException {
            return discovery.plan(plan).discover().stream()
                    .map(test -> test.name().replaceFirst("#[0-9]+$", ""))
                    .toList();
        }

        @Override
        public String toString() {
            return tree + " [" + context + "] " + plan;
        }
    }

    /** Reads a JSON file. JSON is also YAML, for which there is a parser. */
    private static Object json(Path file) throws IOException {
        return new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
    }

    private static List<Row> rows(Path folder) {
        List<Row> rows = new ArrayList<>();
        try (Stream<Path> trees = Files.list(folder)) {
            for (Path tree : (Iterable<Path>) trees.sorted()::iterator) {
                if (Files.exists(tree.resolve("expected.json"))) {
                    ((Map<?, ?>) json(tree.resolve("expected.json")))
                            .forEach((root, contexts) -> ((Map<?, ?>) contexts)
                                    .forEach((context, plans) -> ((Map<?, ?>) plans)
                                            .forEach((plan, expected) -> rows.add(new Row(
                                                    tree.getFileName().toString(),
                                                    tree.resolve((String) root),
                                                    (String) context,
                                                    (String) plan,
                                                    (Map<?, ?>) expected)))));
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return rows;
    }

    static Stream<Arguments> plansOfThisProject() throws URISyntaxException {
        return rows(Path.of(Objects.requireNonNull(TmtPlansTest.class.getResource("plans"))
                        .toURI()))
                .stream()
                .map(Arguments::of);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void plansOfThisProject(Row row) throws Exception {
        Object tests = row.expected.get("tests");
        String refused = (String) row.expected.get("refused");
        try {
            assertThat(row.names(row.discovery())).isEqualTo(tests);
        } catch (FmfException e) {
            if (refused == null) {
                assertThat(tests).as(e.getMessage()).isEqualTo(List.of());
                assertThat(e).hasMessageContaining("no tests");
            } else {
                assertThat(e).hasMessageContaining(refused).hasMessageContaining(row.plan);
            }
        }
    }

    private enum Result {
        SAME,
        REFUSED,
        OTHER
    }

    private static Result compare(Row row, Map<String, String> details) throws InterruptedException {
        Object expected = row.expected.get("tests");
        try {
            List<String> names = row.names(row.discovery().withDisabledPlan());
            if (names.equals(expected)) {
                return Result.SAME;
            }
            details.put(row.toString(), names + " but not " + expected);
            return Result.OTHER;
        } catch (FmfException e) {
            details.put(row.toString(), String.valueOf(e.getMessage()));
            return List.of().equals(expected) && e.getMessage().contains("no tests") ? Result.SAME : Result.REFUSED;
        }
    }

    @Test
    void plansOfOtherProjects() throws Exception {
        assumeTrue(OTHER_PROJECTS != null, "the system property atex.fmf.plans is not set");
        Map<Result, Map<String, String>> results = new TreeMap<>();
        int comparable = 0;
        for (Row row : rows(Path.of(Objects.requireNonNull(OTHER_PROJECTS)))) {
            if (row.expected.containsKey("tests")) {
                comparable++;
                Map<String, String> details = new TreeMap<>(Map.of(row.toString(), ""));
                Result result = compare(row, details);
                results.computeIfAbsent(result, unused -> new TreeMap<>()).putAll(details);
            }
        }
        Map<String, String> refused = results.getOrDefault(Result.REFUSED, Map.of());
        int same = results.getOrDefault(Result.SAME, Map.of()).size();
        System.out.println(
                same + " of " + comparable + " plans choose the same tests, " + refused.size() + " are refused:");
        refused.forEach((row, details) -> System.out.println("  " + row + ": " + details));
        assertThat(results).doesNotContainKey(Result.OTHER);
        assertThat(refused.values()).allSatisfy(details -> assertThat(details).isNotBlank());
        assertThat(same).isGreaterThanOrEqualTo(comparable * 8 / 10);
    }

    @Test
    void aDisabledPlanCanBeRun() throws Exception {
        Row row = plansOfThisProject()
                .map(arguments -> (Row) arguments.get()[0])
                .filter(one -> one.plan.equals("/plans/disabled-by-rule") && one.context.startsWith("distro"))
                .findFirst()
                .orElseThrow();
        assertThat(row.names(row.discovery().withDisabledPlan())).contains("/tests/fedora");
        assertThat(row.discovery().plans()).doesNotContain("/plans/disabled-by-rule", "/plans/disabled");
        assertThat(Set.copyOf(row.discovery().withDisabledPlan().plans())).contains("/plans/disabled-by-rule");
    }
}
