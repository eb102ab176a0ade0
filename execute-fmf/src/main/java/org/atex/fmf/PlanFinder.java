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

/** Finds the plans of a tree, including imported ones. For one thread. */
final class PlanFinder {
    private static final long DEFAULT_ORDER = 50;

    private final FmfTree tree;
    private final @Nullable FmfId origin;
    private final FmfTree adjusted;
    private final DiscoverySettings settings;
    /** Descriptions of the rules that enabled or disabled nodes, by the names of the nodes. */
    private final Map<String, String> reasons = new HashMap<>();

    /**
     * Adjusts the tree to the context of the discovery.
     *
     * @param tree the tree, not adjusted
     * @param from the location of the tree
     * @param settings the settings of the discovery
     */
    PlanFinder(FmfTree tree, FmfId from, DiscoverySettings settings) {
        this.tree = tree;
        this.origin = from.url() == null ? null : from;
        this.settings = settings;
        this.adjusted = tree.adjust(settings.context(), adjustment(reasons));
    }

    /**
     * {@return an adjustment that records rules with the key {@code enabled}}
     *
     * @param reasons receives descriptions of these rules, by the names of the nodes
     */
    static FmfAdjustment adjustment(Map<String, String> reasons) {
        return DiscoverySettings.ADJUSTMENT.withListener((node, rule, decision) -> {
            if (decision == Decision.TRUE && rule.containsKey("enabled")) {
                reasons.put(node.name(), reason(rule));
            }
        });
    }

    /** {@return the reason why a node is disabled, with file and line} */
    static String reason(FmfNode node, Map<String, String> reasons) {
        return node.place("enabled") + reasons.getOrDefault(node.name(), "it has 'enabled: false'");
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

    /** {@return the nodes that are plans, sorted by their {@code order}} */
    List<FmfNode> nodes() {
        return adjusted.prune(FmfQuery.all().where(PlanFinder::isPlan)).stream()
                .sorted(Comparator.comparingLong(PlanFinder::order))
                .toList();
    }

    /** {@return whether a node is a plan} Unlike in tmt, {@code discover} is enough. */
    static boolean isPlan(FmfNode node) {
        return node.has("execute") || node.has("plan") || node.has("discover") && !node.has("test");
    }

    /** {@return the {@code order} of a plan or test} As in tmt, it may be a text, and decimals are cut off. */
    static long order(FmfNode node) {
        return switch (node.data().get("order")) {
            case Double real -> real.longValue();
            case String text when text.strip().matches("[+-]?[0-9]{1,9}") -> Long.parseLong(text.strip());
            case null, default -> node.integer("order").orElse(DEFAULT_ORDER);
        };
    }

    /** {@return the names of all plans, including imported ones, sorted by the {@code order} of their nodes} */
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

    /** {@return the names of the plans of a node: its own, or those that it imports} */
    List<String> names(FmfNode node) throws InterruptedException {
        Map<?, ?> reference = PlanImport.of(node);
        // An imported plan that replaces the node has the name of the node.
        boolean becomesParent = reference != null && "become-parent".equals(reference.get("importing"));
        return becomesParent ? imported(node).stream().map(FoundPlan::name).toList() : List.of(node.name());
    }

    /**
     * {@return the plan with a name}
     *
     * @throws FmfException if there is none, or if the name stands for several plans
     */
    FoundPlan find(String name) throws InterruptedException {
        FmfNode node = adjusted.find(name).orElse(null);
        if (node == null) {
            return findImported(name);
        }
        if (!node.selected()) {
            String plansBelow = nodes().stream()
                    .map(FmfNode::name)
                    .filter(plan -> plan.startsWith(name.equals("/") ? name : name + "/"))
                    .collect(Collectors.joining(", "));
            if (!plansBelow.isEmpty()) {
                throw notFound(name + " is not a plan, but there are plans below it: " + plansBelow);
            }
        }
        if (node.has("test") && !isPlan(node)) {
            throw notFound(name + " is a test and not a plan (" + node.sources() + "): select it by name instead");
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
                throw notFound("there is no plan " + name + "; " + node.name() + " imports " + joined(plans));
            }
        }
        String others = nodes().stream().map(FmfNode::name).collect(Collectors.joining(", "));
        throw notFound("there is no plan " + name + " in "
                + tree.directory().map(Object::toString).orElse("the tree")
                + (others.isEmpty() ? ", nor any other plan" : "; its plans are " + others));
    }

    private static FoundPlan onlyOne(String name, List<FoundPlan> plans) {
        if (plans.size() == 1) {
            return plans.getFirst();
        }
        throw notFound(name + " imports several plans: choose one of " + joined(plans));
    }

    private static String joined(List<FoundPlan> plans) {
        return plans.stream().map(FoundPlan::name).collect(Collectors.joining(", "));
    }

    private List<FoundPlan> imported(FmfNode node) throws InterruptedException {
        FoundPlan importing = new FoundPlan(node.name(), node, tree, origin, Inherited.NOTHING, disabled(node));
        return new PlanImport(importing, settings).plans();
    }

    private static FmfException notFound(String message) {
        return new FmfException(FmfException.Kind.REFERENCE, message, null);
    }
}
