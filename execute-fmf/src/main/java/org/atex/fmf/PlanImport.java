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

/** A plan's {@code plan: import}: plans of another tree, in its place or below it. For one thread. */
final class PlanImport {
    private static final String KEY = "plan";

    private final FoundPlan importing;
    private final Settings settings;
    private final Section section;
    private final PlanContext known;

    PlanImport(FoundPlan importing, Settings settings) {
        this.importing = importing;
        this.settings = settings;
        this.section = new Section(importing, KEY, Objects.requireNonNull(of(importing.node())));
        this.known = new PlanContext(importing, settings);
    }

    /** {@return what a plan imports, or null if it is one itself} */
    static @Nullable Map<?, ?> of(FmfNode node) {
        return node.data().get(KEY) instanceof Map<?, ?> plan && plan.get("import") instanceof Map<?, ?> reference
                ? reference
                : null;
    }

    List<FoundPlan> plans() throws InterruptedException {
        section.requireKeys(FmfKey.Where.IMPORT);
        String name = section.text("name");
        boolean parent = section.oneOf("importing", "replace", "become-parent").equals("become-parent");
        String scope = section.oneOf("scope", "first-plan-only", "single-plan-only", "all-plans");
        if (name == null || section.text("url") == null) {
            throw section.wrong("import needs a url and a name");
        }
        TreeSource source = new TreeSource(importing, section, settings);
        FmfContext context = known.context();
        FmfTree tree = source.tree(context);
        FmfId origin = source.id(context);
        List<FmfNode> found = tree.prune(FmfQuery.all().key("execute").name("\\A(?:" + name + ")"));
        if (found.isEmpty()) {
            throw section.wrong("there is no plan '" + name + "' in " + section.text("url"));
        }
        boolean several = found.size() > 1 && !scope.equals("first-plan-only");
        if (several && (scope.equals("single-plan-only") || !parent)) {
            throw section.wrong("'" + name + "' is the name of several plans: " + found
                    + ". Make it longer, or take all of them by 'scope: all-plans' with 'importing: become-parent'");
        }
        List<FoundPlan> plans = new ArrayList<>();
        for (FmfNode node : several ? found : found.subList(0, 1)) {
            plans.add(plan(tree, origin, node, importing.name() + (parent ? node.name() : "")));
        }
        return plans;
    }

    private FoundPlan plan(FmfTree tree, FmfId origin, FmfNode raw, String name) {
        FmfContext passedOn = section.flag("inherit-context", true) ? known.inheritable() : FmfContext.empty();
        Map<String, String> variables =
                section.flag("inherit-environment", true) ? known.inheritableEnvironment() : Map.of();
        FmfContext context = PlanContext.written(raw).and(passedOn).and(settings.context());
        Map<String, String> reasons = new HashMap<>();
        FmfNode node = tree.adjust(
                        context,
                        PlanFinder.adjustment(reasons).withAdditionalRules(section.rules("adjust-plans"), any -> true))
                .find(raw.name())
                .orElseThrow();
        String disabled = importing.disabled();
        if (disabled == null && !node.bool("enabled", true)) {
            disabled = PlanFinder.reason(node, reasons);
        }
        return new FoundPlan(name, node, tree, origin, new Inherited(passedOn, variables), disabled);
    }
}
