package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/** Reads a plan of tmt. For one thread. */
final class PlanReader {
    private final FoundPlan plan;
    private final FmfNode node;
    private final DiscoverySettings settings;
    private final PlanContext planContext;

    PlanReader(FoundPlan plan, DiscoverySettings settings) {
        this.plan = plan;
        this.node = plan.node();
        this.settings = settings;
        this.planContext = new PlanContext(plan, settings);
    }

    /** Checks that the plan is enabled, or that disabled plans are allowed. */
    void requireEnabled() {
        if (plan.disabled() != null && !settings.disabledPlan()) {
            throw new FmfException(
                    FmfException.Kind.GENERAL,
                    "the plan " + plan.name() + " is disabled: " + plan.disabled()
                            + ". FmfDiscovery.withDisabledPlan() runs it anyway",
                    null);
        }
    }

    /** Checks the plan for misspelled keys. */
    void check(KeyCheck keys) {
        keys.plan(node);
    }

    /** {@return the context of the plan's tests} */
    FmfContext context() {
        return planContext.context();
    }

    /** {@return the plan, with variables expanded and all steps checked} */
    FmfPlan plan() {
        return new FmfPlan(
                new FmfPlan.Head(plan.name(), summary(), node.data()),
                context(),
                planContext.environment(),
                provision(),
                execute().flag("exit-first", false),
                steps());
    }

    /** {@return the summary} It is only for people, so that a value of another type is not an error. */
    private String summary() {
        return node.data().get("summary") instanceof String text ? text : "";
    }

    private FmfPlan.Steps steps() {
        StepReader steps = new StepReader(plan, context(), planContext.expansion());
        steps.checkCleanup();
        return new FmfPlan.Steps(steps.prepare(), steps.finish());
    }

    /** {@return the sources of the plan's tests; at least one section} */
    List<DiscoverSection> sections() {
        return new DiscoverReader(plan, settings, planContext, execute()).sections();
    }

    private List<Map<String, @Nullable Object>> provision() {
        List<Map<String, @Nullable Object>> sections = new ArrayList<>();
        Object value = planContext.expansion().inside(node.data().get("provision"));
        for (Object section : value == null ? List.of() : ListValues.asList(value)) {
            sections.add(new Section(plan, "provision", Map.of()).rule("provision", section));
        }
        return sections;
    }

    private Section execute() {
        Object value = planContext.expansion().inside(node.data().get("execute"));
        List<?> list = value == null ? List.of() : ListValues.asList(value);
        if (list.size() > 1 || !list.isEmpty() && !(list.getFirst() instanceof Map)) {
            throw plan.wrong("execute", "it must be a single section, but is " + value);
        }
        Section execute =
                new Section(plan, "execute", list.isEmpty() ? Map.of() : (Map<?, ?>) list.getFirst()).onlySystem();
        String how = execute.text("how");
        if (how != null && !how.equals("tmt")) {
            throw execute.wrong("'how: " + how + "' is not supported"
                    + (how.equals("upgrade")
                            ? ": run the plan, upgrade its systems in a test or a hook, and run the plan again"
                            : ": use 'how: tmt'"));
        }
        execute.requireKeys(FmfKey.Where.EXECUTE);
        return execute;
    }
}
