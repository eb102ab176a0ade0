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
import org.jspecify.annotations.Nullable;

/** Chooses tests of one tree, as a section of a plan and the user's program ask for them. For one thread. */
final class TestChooser {
    private static final FmfQuery TESTS = FmfQuery.all().key("test");

    private final FmfTree raw;
    private final FmfContext context;
    private final Choice choice;
    private final FmfTree adjusted;
    private final Predicate<FmfNode> accepted;
    private final FmfQuery wantedNames;
    private final boolean anyName;
    private final boolean stories;

    /**
     * What to choose of.
     *
     * @param raw the tree
     * @param adjusted the same for the context, if that is at hand
     * @param context the context
     * @param prefix what is put in front of the names of its tests, perhaps empty
     * @param stories whether a test may be a story, too
     */
    record Trees(FmfTree raw, @Nullable FmfTree adjusted, FmfContext context, String prefix, boolean stories) {}

    /**
     * A test that was chosen.
     *
     * @param node its node
     * @param tree the tree of that
     */
    record Chosen(FmfNode node, FmfTree tree) {}

    TestChooser(Trees trees, Choice choice, Wanted wanted) {
        this.raw = trees.raw;
        this.context = trees.context;
        this.stories = trees.stories;
        this.choice = choice;
        this.adjusted = trees.adjusted != null && choice.adjustments().isEmpty() ? trees.adjusted : adjust(List.of());
        this.accepted = accepted(trees, choice, wanted);
        this.anyName = wanted.names().isEmpty();
        this.wantedNames = named(FmfQuery.all().prefix(trees.prefix), wanted.names());
    }

    private FmfTree adjust(List<Map<String, @Nullable Object>> more) {
        return raw.adjust(
                context, Settings.ADJUSTMENT.withAdditionalRules(Lists.plus(choice.adjustments(), more), node -> true));
    }

    private static FmfQuery named(FmfQuery query, List<String> patterns) {
        FmfQuery all = query;
        for (String pattern : patterns) {
            all = all.name(pattern);
        }
        return all;
    }

    private static Predicate<FmfNode> accepted(Trees trees, Choice choice, Wanted wanted) {
        Path root = trees.raw.directory().orElseThrow();
        Predicate<FmfNode> accepted = wanted.where();
        FmfQuery included = named(FmfQuery.all(), choice.includes());
        if (!choice.includes().isEmpty()) {
            accepted = accepted.and(included::matches);
        }
        if (!choice.excludes().isEmpty()) {
            accepted = accepted.and(Predicate.not(named(FmfQuery.all(), choice.excludes())::matches));
        }
        if (!wanted.excludes().isEmpty()) {
            accepted =
                    accepted.and(Predicate.not(named(FmfQuery.all().prefix(trees.prefix), wanted.excludes())::matches));
        }
        for (String text : Lists.plus(choice.filters(), wanted.filters())) {
            FmfFilter filter = FmfFilter.of(text);
            accepted = accepted.and(node -> filter.matches(node, key -> TestDefaults.of(node, root, key)));
        }
        if (!choice.links().isEmpty()) {
            List<FmfQuery> links =
                    choice.links().stream().map(FmfQuery.all()::link).toList();
            accepted = accepted.and(node -> links.stream().anyMatch(link -> link.matches(node)));
        }
        // Last, as it may find mistakes, which do not matter in tests that are not chosen.
        return accepted.and(node -> isRun(node, trees.stories));
    }

    static boolean isRun(FmfNode node, boolean stories) {
        return node.bool("enabled", true) && !node.bool("manual", false) && (stories || !node.has("story"));
    }

    /** {@return the tests in their order} */
    List<Chosen> choose(List<Named> modified) {
        List<Named> names = Lists.plus(choice.names(), modified);
        if (names.isEmpty()) {
            return anyName ? chosen(adjusted, FmfQuery.all()) : chosen(adjusted, wantedNames);
        }
        List<Chosen> all = new ArrayList<>();
        for (Named name : names) {
            FmfTree tree = name.rule().isEmpty() ? adjusted : adjust(List.of(name.rule()));
            all.addAll(chosen(tree, FmfQuery.all().name(name.pattern())));
        }
        if (!anyName) {
            Set<String> known = new HashSet<>();
            all.forEach(test -> known.add(test.node.name()));
            chosen(adjusted, wantedNames).stream()
                    .filter(test -> !known.contains(test.node.name()))
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

    /** {@return which tests there are to choose from} */
    Known count() {
        Known known = Known.NONE;
        for (FmfNode node : adjusted.prune(TESTS)) {
            boolean disabled = Boolean.FALSE.equals(node.data().get("enabled"));
            boolean manual =
                    !disabled && (Boolean.TRUE.equals(node.data().get("manual")) || !stories && node.has("story"));
            known = known.and(new Known(1, disabled ? 1 : 0, manual ? 1 : 0));
        }
        return known;
    }

    /**
     * How many tests there are.
     *
     * @param all all of them
     * @param disabled those that are disabled
     * @param manual those that are not, but for people
     */
    record Known(int all, int disabled, int manual) {
        static final Known NONE = new Known(0, 0, 0);

        Known and(Known more) {
            return new Known(all + more.all, disabled + more.disabled, manual + more.manual);
        }

        /** {@return how many are left to choose from} */
        int left() {
            return all - disabled - manual;
        }

        @Override
        public String toString() {
            return "of " + all + " there, " + (disabled == 0 ? "" : disabled + " disabled, ")
                    + (manual == 0 ? "" : manual + " manual, ");
        }
    }
}
