package org.atex.fmf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.fmf.FoundPlan.Inherited;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/**
 * The {@code plan: import} of a plan: it imports plans of another tree, which replace the plan or become its children.
 * For one thread.
 */
final class PlanImport {
    private static final String KEY = "plan";

    private final FoundPlan importing;
    private final DiscoverySettings settings;
    private final Section section;
    private final PlanContext importingContext;

    PlanImport(FoundPlan importing, DiscoverySettings settings) {
        this.importing = importing;
        this.settings = settings;
        this.section = new Section(importing, KEY, Objects.requireNonNull(of(importing.node())));
        this.importingContext = new PlanContext(importing, settings);
    }

    /** {@return the reference of a plan that imports others, or null if the node is a plan itself} */
    static @Nullable Map<?, ?> of(FmfNode node) {
        return node.data().get(KEY) instanceof Map<?, ?> plan && plan.get("import") instanceof Map<?, ?> reference
                ? reference
                : null;
    }

    /** {@return the imported plans, at least one; their tree is fetched} */
    List<FoundPlan> plans() throws InterruptedException {
        section.requireKeys(FmfKey.Where.IMPORT);
        String name = section.text("name");
        boolean becomesParent =
                section.oneOf("importing", "replace", "become-parent").equals("become-parent");
        String scope = section.oneOf("scope", "first-plan-only", "single-plan-only", "all-plans");
        if (name == null || section.text("url") == null) {
            throw section.wrong("'import' needs 'url' and 'name'");
        }
        TreeSource source = new TreeSource(importing, section, settings);
        FmfContext context = importingContext.context();
        FmfTree tree = source.tree(context);
        FmfId origin = source.id(context);
        // As in tmt, this pattern must match at the start of the name; all other patterns are searched for.
        List<FmfNode> found = tree.prune(FmfQuery.all().key("execute").name("\\A(?:" + name + ")"));
        if (found.isEmpty()) {
            throw section.wrong("there is no plan '" + name + "' in " + section.text("url"));
        }
        boolean several = found.size() > 1 && !scope.equals("first-plan-only");
        if (several && (scope.equals("single-plan-only") || !becomesParent)) {
            throw section.wrong("'" + name + "' is the name of several plans: " + found
                    + ". Make it longer, or import all with 'scope: all-plans' and 'importing: become-parent'");
        }
        List<FoundPlan> plans = new ArrayList<>();
        for (FmfNode node : several ? found : found.subList(0, 1)) {
            plans.add(plan(tree, origin, node, importing.name() + (becomesParent ? node.name() : "")));
        }
        return plans;
    }

    private FoundPlan plan(FmfTree tree, FmfId origin, FmfNode unadjusted, String name) {
        FmfContext inheritedContext =
                section.flag("inherit-context", true) ? importingContext.inheritable() : FmfContext.empty();
        Map<String, String> inheritedVariables =
                section.flag("inherit-environment", true) ? importingContext.inheritableEnvironment() : Map.of();
        FmfContext context =
                PlanContext.written(unadjusted).and(inheritedContext).and(settings.context());
        Map<String, String> reasons = new HashMap<>();
        FmfNode node = tree.adjust(
                        context,
                        PlanFinder.adjustment(reasons).withAdditionalRules(section.rules("adjust-plans"), any -> true))
                .find(unadjusted.name())
                .orElseThrow();
        String disabled = importing.disabled();
        if (disabled == null && !node.bool("enabled", true)) {
            disabled = PlanFinder.reason(node, reasons);
        }
        return new FoundPlan(name, node, tree, origin, new Inherited(inheritedContext, inheritedVariables), disabled);
    }
}
