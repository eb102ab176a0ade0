package org.atex.fmf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.fmf.DiscoverSection.Written;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfFilter;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/** Reads tests that are written in a plan: {@code discover: how: shell}, and scripts of {@code execute}. */
final class WrittenTests {
    private static final String DURATION = "1h";

    private WrittenTests() {}

    /**
     * One of them.
     *
     * @param name what it is called
     * @param node its data
     */
    record One(String name, FmfNode node) {}

    /** {@return those that are run, in their order} */
    static List<One> choose(Written written, Wanted wanted, String prefix) {
        List<One> tests = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Map<String, @Nullable Object> test : written.tests()) {
            One one = read(written.section(), test);
            if (!names.add(one.name)) {
                throw written.section().wrong("two tests have the name '" + one.name + "'");
            }
            tests.add(one);
        }
        return tests.stream()
                .filter(test -> isWanted(test, wanted, prefix))
                .filter(test -> at(
                        written.section(),
                        test,
                        () -> test.node.bool("enabled", true) && !test.node.bool("manual", false)))
                .sorted(Comparator.comparingLong(
                        test -> at(written.section(), test, () -> PlanFinder.order(test.node))))
                .toList();
    }

    private static One read(Section section, Map<String, @Nullable Object> test) {
        if (!(test.get("name") instanceof String name) || name.isBlank()) {
            throw section.wrong("a test in 'tests' has no name: " + test);
        }
        if (!(test.get("test") instanceof String script) || script.isBlank()) {
            throw section.wrong("the test '" + name + "' has no script: 'test' has to be a text");
        }
        Map<String, @Nullable Object> data = new LinkedHashMap<>(test);
        data.remove("name");
        data.putIfAbsent("duration", DURATION);
        return new One(
                name.startsWith("/") ? name : "/" + name, FmfTree.of(data).root());
    }

    private static boolean isWanted(One test, Wanted wanted, String prefix) {
        FmfNode named = named(test.name);
        FmfQuery query = FmfQuery.all().prefix(prefix);
        return (wanted.names().isEmpty()
                        || wanted.names().stream()
                                .anyMatch(name -> query.name(name).matches(named)))
                && wanted.excludes().stream().noneMatch(name -> query.name(name).matches(named))
                && wanted.filters().stream()
                        .map(FmfFilter::of)
                        .allMatch(filter -> filter.matches(test.node, key -> TestDefaults.of(test.name, key)))
                && wanted.where().test(test.node);
    }

    /** {@return a node of that name without data: names are matched in nodes} */
    private static FmfNode named(String name) {
        FmfNode node = FmfTree.of(Map.of(name.equals("/") ? "name" : name, Map.of("name", name)))
                .root();
        while (!node.children().isEmpty()) {
            node = node.children().values().iterator().next();
        }
        return node;
    }

    /** What is read of a test that has no file of its own. */
    interface Reading<T> {
        T get();
    }

    /** Reads something of a test; an error names it and where it is written. */
    static <T> T at(Section section, One test, Reading<T> reading) {
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
