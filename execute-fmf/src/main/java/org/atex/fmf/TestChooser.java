package org.atex.fmf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.atex.fmf.DiscoverSection.Choice;
import org.atex.fmf.DiscoverSection.Named;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfFilter;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;
import org.atex.support.Plural;
import org.jspecify.annotations.Nullable;

/** Selects tests of one tree by the criteria of a plan's section and of the program. For one thread. */
final class TestChooser {
    private static final FmfQuery TESTS = FmfQuery.all().key("test");

    private final FmfTree raw;
    private final FmfContext context;
    private final Choice choice;
    private final FmfTree adjusted;
    private final Predicate<FmfNode> accepted;
    private final FmfQuery selectedNames;
    private final boolean allNames;
    private final boolean storiesAllowed;

    /**
     * The tree to select tests of.
     *
     * @param raw the tree, not adjusted
     * @param adjusted the tree adjusted to the context, if that exists already; null otherwise
     * @param context the context
     * @param prefix the prefix of test names in the run, or an empty string
     * @param storiesAllowed whether a node with the key {@code story} may be a test, as in tmt's plans
     */
    record Trees(FmfTree raw, @Nullable FmfTree adjusted, FmfContext context, String prefix, boolean storiesAllowed) {}

    /**
     * A selected test.
     *
     * @param node the node of the test
     * @param tree the tree of the node, adjusted
     */
    record Chosen(FmfNode node, FmfTree tree) {}

    TestChooser(Trees trees, Choice choice, TestSelection selection) {
        this.raw = trees.raw;
        this.context = trees.context;
        this.storiesAllowed = trees.storiesAllowed;
        this.choice = choice;
        this.adjusted = trees.adjusted != null && choice.adjustments().isEmpty() ? trees.adjusted : adjust(List.of());
        this.accepted = accepted(trees, choice, selection);
        this.allNames = selection.names().isEmpty();
        this.selectedNames = withNames(FmfQuery.all().prefix(trees.prefix), selection.names());
    }

    private FmfTree adjust(List<Map<String, @Nullable Object>> more) {
        return raw.adjust(
                context,
                DiscoverySettings.ADJUSTMENT.withAdditionalRules(
                        ListValues.concat(choice.adjustments(), more), node -> true));
    }

    private static FmfQuery withNames(FmfQuery query, List<String> patterns) {
        FmfQuery all = query;
        for (String pattern : patterns) {
            all = all.name(pattern);
        }
        return all;
    }

    private static Predicate<FmfNode> accepted(Trees trees, Choice choice, TestSelection selection) {
        Path root = trees.raw.directory().orElseThrow();
        Predicate<FmfNode> accepted = selection.where();
        FmfQuery included = withNames(FmfQuery.all(), choice.includes());
        if (!choice.includes().isEmpty()) {
            accepted = accepted.and(included::matches);
        }
        if (!choice.excludes().isEmpty()) {
            accepted = accepted.and(Predicate.not(withNames(FmfQuery.all(), choice.excludes())::matches));
        }
        if (!selection.excludes().isEmpty()) {
            accepted = accepted.and(
                    Predicate.not(withNames(FmfQuery.all().prefix(trees.prefix), selection.excludes())::matches));
        }
        for (String text : ListValues.concat(choice.filters(), selection.filters())) {
            FmfFilter filter = FmfFilter.of(text);
            accepted = accepted.and(node -> filter.matches(node, key -> TestDefaults.of(node, root, key)));
        }
        if (!choice.links().isEmpty()) {
            List<FmfQuery> links =
                    choice.links().stream().map(FmfQuery.all()::link).toList();
            accepted = accepted.and(node -> links.stream().anyMatch(link -> link.matches(node)));
        }
        // This check comes last: it throws for invalid values, which must not matter in tests that are not selected.
        return accepted.and(node -> isEnabled(node, trees.storiesAllowed));
    }

    static boolean isEnabled(FmfNode node, boolean storiesAllowed) {
        return node.bool("enabled", true) && !node.bool("manual", false) && (storiesAllowed || !node.has("story"));
    }

    /**
     * {@return the selected tests, in the order in which they run}
     *
     * @param modified additional names, of changed tests
     */
    List<Chosen> choose(List<Named> modified) {
        List<Named> names = ListValues.concat(choice.names(), modified);
        if (names.isEmpty()) {
            return allNames ? chosen(adjusted, FmfQuery.all()) : chosen(adjusted, selectedNames);
        }
        List<Chosen> all = new ArrayList<>();
        for (Named name : names) {
            FmfTree tree = name.rule().isEmpty() ? adjusted : adjust(List.of(name.rule()));
            all.addAll(chosen(tree, FmfQuery.all().name(name.pattern())));
        }
        if (!allNames) {
            // Names of the program add tests to those that the plan names.
            Set<String> chosenNames = new HashSet<>();
            all.forEach(test -> chosenNames.add(test.node.name()));
            chosen(adjusted, selectedNames).stream()
                    .filter(test -> !chosenNames.contains(test.node.name()))
                    .forEach(all::add);
        }
        return all;
    }

    private List<Chosen> chosen(FmfTree tree, FmfQuery names) {
        return tree.prune(TESTS).stream()
                .filter(names::matches)
                .filter(accepted)
                .sorted(Comparator.comparingLong(PlanFinder::order))
                .map(node -> new Chosen(node, tree))
                .toList();
    }

    /** {@return the keys of all tests in the tree} */
    Set<String> keys() {
        Set<String> keys = new HashSet<>();
        adjusted.prune(TESTS).forEach(node -> keys.addAll(node.data().keySet()));
        return keys;
    }

    /** {@return the numbers of tests in the tree} */
    TestCounts count() {
        TestCounts counts = TestCounts.NONE;
        for (FmfNode node : adjusted.prune(TESTS)) {
            boolean disabled = Boolean.FALSE.equals(node.data().get("enabled"));
            boolean manual = !disabled
                    && (Boolean.TRUE.equals(node.data().get("manual")) || !storiesAllowed && node.has("story"));
            counts = counts.and(new TestCounts(1, disabled ? 1 : 0, manual ? 1 : 0));
        }
        return counts;
    }

    /**
     * Numbers of tests.
     *
     * @param all all tests
     * @param disabled disabled tests
     * @param manual enabled tests that a person performs
     */
    record TestCounts(int all, int disabled, int manual) {
        static final TestCounts NONE = new TestCounts(0, 0, 0);

        TestCounts and(TestCounts more) {
            return new TestCounts(all + more.all, disabled + more.disabled, manual + more.manual);
        }

        /** {@return the number of tests that are enabled and not manual} */
        int automatic() {
            return all - disabled - manual;
        }

        @Override
        public String toString() {
            return "of " + Plural.of(all, "test") + ", " + (disabled == 0 ? "" : disabled + " disabled, ")
                    + (manual == 0 ? "" : manual + " manual, ");
        }
    }
}
