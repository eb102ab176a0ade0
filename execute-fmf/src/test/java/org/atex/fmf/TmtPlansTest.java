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
 * What tmt 1.80 chooses by plans, and what comes of them here. Each tree has a file {@code expected.json}: its root, the context,
 * the plan, and the tests in their order, or words of the refusal.
 */
class TmtPlansTest {
    /** Trees of other people, which are not part of the project. */
    private static final @Nullable String FOREIGN = System.getProperty("atex.fmf.plans");

    /** A plan in a context, and what is expected of it. */
    private record Row(String tree, Path root, String context, String plan, Map<?, ?> expected) {
        private FmfDiscovery discovery() {
            FmfDiscovery discovery = FmfTests.from(root).withoutLibraries();
            return context.equals("no context")
                    ? discovery
                    : discovery.context(FmfContext.ofPairs(List.of(context.split(", "))));
        }

        /** The second run of a test has a name of its own. */
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

    /** JSON is YAML, too. */
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

    static Stream<Arguments> own() throws URISyntaxException {
        return rows(Path.of(Objects.requireNonNull(TmtPlansTest.class.getResource("plans"))
                        .toURI()))
                .stream()
                .map(Arguments::of);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void own(Row row) throws Exception {
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

    private enum Taken {
        SAME,
        REFUSED,
        OTHER
    }

    private static Taken take(Row row, Map<String, String> words) throws InterruptedException {
        Object expected = row.expected.get("tests");
        try {
            List<String> names = row.names(row.discovery().withDisabledPlan());
            if (names.equals(expected)) {
                return Taken.SAME;
            }
            words.put(row.toString(), names + " but not " + expected);
            return Taken.OTHER;
        } catch (FmfException e) {
            words.put(row.toString(), String.valueOf(e.getMessage()));
            return List.of().equals(expected) && e.getMessage().contains("no tests") ? Taken.SAME : Taken.REFUSED;
        }
    }

    @Test
    void foreign() throws Exception {
        assumeTrue(FOREIGN != null, "the system property atex.fmf.plans names no folder with other people's plans");
        Map<Taken, Map<String, String>> taken = new TreeMap<>();
        int comparable = 0;
        for (Row row : rows(Path.of(Objects.requireNonNull(FOREIGN)))) {
            if (row.expected.containsKey("tests")) {
                comparable++;
                Map<String, String> words = new TreeMap<>(Map.of(row.toString(), ""));
                Taken how = take(row, words);
                taken.computeIfAbsent(how, unused -> new TreeMap<>()).putAll(words);
            }
        }
        Map<String, String> refused = taken.getOrDefault(Taken.REFUSED, Map.of());
        int same = taken.getOrDefault(Taken.SAME, Map.of()).size();
        System.out.println(
                same + " of " + comparable + " plans choose the same tests, " + refused.size() + " are refused:");
        refused.forEach((row, words) -> System.out.println("  " + row + ": " + words));
        assertThat(taken).doesNotContainKey(Taken.OTHER);
        assertThat(refused.values()).allSatisfy(words -> assertThat(words).isNotBlank());
        assertThat(same).isGreaterThanOrEqualTo(comparable * 8 / 10);
    }

    @Test
    void aPlanThatIsNotEnabledSaysWhy() throws Exception {
        Row row = own().map(arguments -> (Row) arguments.get()[0])
                .filter(one -> one.plan.equals("/plans/disabled-by-rule") && one.context.startsWith("distro"))
                .findFirst()
                .orElseThrow();
        assertThat(row.names(row.discovery().withDisabledPlan())).contains("/tests/fedora");
        assertThat(row.discovery().plans()).doesNotContain("/plans/disabled-by-rule", "/plans/disabled");
        assertThat(Set.copyOf(row.discovery().withDisabledPlan().plans())).contains("/plans/disabled-by-rule");
    }
}
