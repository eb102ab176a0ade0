package org.atex.fmf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.fmf.DiscoverSection.Inline;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfFilter;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/**
 * Reads tests that are defined in a plan: by {@code discover} with {@code how: shell}, or as scripts of
 * {@code execute}.
 */
final class InlineTests {
    private static final String DEFAULT_DURATION = "1h";

    private InlineTests() {}

    /**
     * A test of a plan.
     *
     * @param name the name of the test
     * @param node its metadata
     */
    record InlineTest(String name, FmfNode node) {}

    /**
     * {@return the tests that are enabled and selected, in the order in which they run}
     *
     * @param inline the tests of a section
     * @param selection the criteria of the program
     * @param prefix the prefix of test names in the run, or an empty string
     */
    static List<InlineTest> choose(Inline inline, TestSelection selection, String prefix) {
        List<InlineTest> tests = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Map<String, @Nullable Object> test : inline.tests()) {
            InlineTest inlineTest = read(inline.section(), test);
            if (!names.add(inlineTest.name)) {
                throw inline.section().wrong("two tests have the name '" + inlineTest.name + "'");
            }
            tests.add(inlineTest);
        }
        return tests.stream()
                .filter(test -> isSelected(test, selection, prefix))
                .filter(test -> readAt(
                        inline.section(),
                        test,
                        () -> test.node.bool("enabled", true) && !test.node.bool("manual", false)))
                .sorted(Comparator.comparingLong(
                        test -> readAt(inline.section(), test, () -> PlanFinder.order(test.node))))
                .toList();
    }

    private static InlineTest read(Section section, Map<String, @Nullable Object> test) {
        if (!(test.get("name") instanceof String name) || name.isBlank()) {
            throw section.wrong("a test of 'tests' has no name: " + test);
        }
        if (!(test.get("test") instanceof String script) || script.isBlank()) {
            throw section.wrong("the test '" + name + "' has no script: 'test' must be a text");
        }
        Map<String, @Nullable Object> data = new LinkedHashMap<>(test);
        data.remove("name");
        data.putIfAbsent("duration", DEFAULT_DURATION);
        return new InlineTest(
                name.startsWith("/") ? name : "/" + name, FmfTree.of(data).root());
    }

    private static boolean isSelected(InlineTest test, TestSelection selection, String prefix) {
        FmfNode named = nodeNamed(test.name);
        FmfQuery query = FmfQuery.all().prefix(prefix);
        return (selection.names().isEmpty()
                        || selection.names().stream()
                                .anyMatch(name -> query.name(name).matches(named)))
                && selection.excludes().stream()
                        .noneMatch(name -> query.name(name).matches(named))
                && selection.filters().stream()
                        .map(FmfFilter::of)
                        .allMatch(filter -> filter.matches(test.node, key -> TestDefaults.of(test.name, key)))
                && selection.where().test(test.node);
    }

    /** {@return a node with a name and without data, as queries match names of nodes only} */
    private static FmfNode nodeNamed(String name) {
        // A tree reads keys with a leading slash as names of child nodes.
        FmfNode node = FmfTree.of(Map.of(name.equals("/") ? "name" : name, Map.of("name", name)))
                .root();
        while (!node.children().isEmpty()) {
            node = node.children().values().iterator().next();
        }
        return node;
    }

    /** Reads a part of a test. */
    interface Reading<T> {
        T get();
    }

    /** Reads a part of a test. An error names the test and the line of the plan. */
    static <T> T readAt(Section section, InlineTest test, Reading<T> reading) {
        try {
            return reading.get();
        } catch (FmfException e) {
            throw new FmfException(
                    e.kind(),
                    String.valueOf(section.wrong("the test '" + test.name + "': " + e.getMessage())
                            .getMessage()),
                    e);
        }
    }
}
