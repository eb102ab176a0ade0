package org.atex.fmf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.atex.fmf.FoundPlan.Inherited;
import org.atex.fmf.tree.FmfAdjustment;
import org.atex.fmf.tree.FmfContext.Decision;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/** Finds the plans of a tree, those that it imports included. For one thread. */
final class PlanFinder {
    private static final long DEFAULT_ORDER = 50;

    private final FmfTree tree;
    private final @Nullable FmfId origin;
    private final FmfTree adjusted;
    private final Settings settings;
    /** The rule that disabled a node, by its name. */
    private final Map<String, String> reasons = new HashMap<>();

    /**
     * Begins with a tree.
     *
     * @param tree the tree, not adjusted
     * @param from where it is
     * @param settings how to go about it
     */
    PlanFinder(FmfTree tree, FmfId from, Settings settings) {
        this.tree = tree;
        this.origin = from.url() == null ? null : from;
        this.settings = settings;
        this.adjusted = tree.adjust(settings.context(), adjustment(reasons));
    }

    /**
     * {@return how plans are adjusted}
     *
     * @param reasons gets the rules that enable or disable nodes, by their names
     */
    static FmfAdjustment adjustment(Map<String, String> reasons) {
        return Settings.ADJUSTMENT.withListener((node, rule, decision) -> {
            if (decision == Decision.TRUE && rule.containsKey("enabled")) {
                reasons.put(node.name(), reason(rule));
            }
        });
    }

    /** {@return why a node is not enabled} */
    static String reason(FmfNode node, Map<String, String> reasons) {
        return node.place("enabled") + reasons.getOrDefault(node.name(), "it says 'enabled: false'");
    }

    private static String reason(Map<?, ?> rule) {
        Object because = rule.get("because");
        Object when = rule.get("when");
        return (when == null ? "by a rule without condition" : "when " + when)
                + (because == null ? "" : ", because " + because);
    }

    /** {@return the tree, adjusted to the context of the discovery} */
    FmfTree adjusted() {
        return adjusted;
    }

    /** {@return the nodes that are plans, in the order that they ask for} */
    List<FmfNode> nodes() {
        return adjusted.prune(FmfQuery.all().where(PlanFinder::isPlan)).stream()
                .sorted(Comparator.comparingLong(PlanFinder::order))
                .toList();
    }

    static boolean isPlan(FmfNode node) {
        return node.has("execute") || node.has("plan") || node.has("discover") && !node.has("test");
    }

    static long order(FmfNode node) {
        return switch (node.data().get("order")) {
            case Double real -> real.longValue();
            case String text when text.strip().matches("[+-]?[0-9]{1,9}") -> Long.parseLong(text.strip());
            case null, default -> node.integer("order").orElse(DEFAULT_ORDER);
        };
    }

    /** {@return the names of all plans, those that they import included} */
    List<String> names(boolean disabledToo) throws InterruptedException {
        List<String> names = new ArrayList<>();
        for (FmfNode node : nodes()) {
            if (!disabledToo && !node.bool("enabled", true)) {
                continue;
            }
            names.addAll(names(node));
        }
        return names;
    }

    /** {@return the names of the plans that a node stands for} */
    List<String> names(FmfNode node) throws InterruptedException {
        Map<?, ?> reference = PlanImport.of(node);
        // What takes its place has its name.
        boolean below = reference != null && "become-parent".equals(reference.get("importing"));
        return below ? imported(node).stream().map(FoundPlan::name).toList() : List.of(node.name());
    }

    /** {@return the plan of that name} */
    FoundPlan find(String name) throws InterruptedException {
        FmfNode node = adjusted.find(name).orElse(null);
        if (node == null) {
            return findImported(name);
        }
        if (!node.selected()) {
            String below = nodes().stream()
                    .map(FmfNode::name)
                    .filter(plan -> plan.startsWith(name.equals("/") ? name : name + "/"))
                    .collect(Collectors.joining(", "));
            if (!below.isEmpty()) {
                throw missing(name + " is no plan, but there are some below it: " + below);
            }
        }
        if (node.has("test") && !isPlan(node)) {
            throw missing(name + " is a test and not a plan (" + node.sources() + "): choose it by its name instead");
        }
        return PlanImport.of(node) == null
                ? new FoundPlan(name, node, tree, origin, Inherited.NOTHING, disabled(node))
                : onlyOne(name, imported(node));
    }

    private @Nullable String disabled(FmfNode node) {
        return node.bool("enabled", true) ? null : reason(node, reasons);
    }

    private FoundPlan findImported(String name) throws InterruptedException {
        for (FmfNode node : nodes()) {
            if (PlanImport.of(node) != null && name.startsWith(node.name() + "/")) {
                List<FoundPlan> plans = imported(node);
                for (FoundPlan plan : plans) {
                    if (plan.name().equals(name)) {
                        return plan;
                    }
                }
                throw missing("there is no plan " + name + "; " + node.name() + " imports " + joined(plans));
            }
        }
        String others = nodes().stream().map(FmfNode::name).collect(Collectors.joining(", "));
        throw missing("there is no plan " + name + " in "
                + tree.directory().map(Object::toString).orElse("the tree")
                + (others.isEmpty() ? ", nor any other" : "; there are " + others));
    }

    private static FoundPlan onlyOne(String name, List<FoundPlan> plans) {
        if (plans.size() == 1) {
            return plans.getFirst();
        }
        throw missing(name + " imports several plans: choose one of " + joined(plans));
    }

    private static String joined(List<FoundPlan> plans) {
        return plans.stream().map(FoundPlan::name).collect(Collectors.joining(", "));
    }

    private List<FoundPlan> imported(FmfNode node) throws InterruptedException {
        FoundPlan importing = new FoundPlan(node.name(), node, tree, origin, Inherited.NOTHING, disabled(node));
        return new PlanImport(importing, settings).plans();
    }

    private static FmfException missing(String what) {
        return new FmfException(FmfException.Kind.REFERENCE, what, null);
    }
}
