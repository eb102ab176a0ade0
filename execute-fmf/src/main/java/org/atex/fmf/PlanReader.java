package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/** Reads a plan of tmt. */
final class PlanReader {
    private final FoundPlan plan;
    private final FmfNode node;
    private final Settings settings;
    private final PlanContext known;

    PlanReader(FoundPlan plan, Settings settings) {
        this.plan = plan;
        this.node = plan.node();
        this.settings = settings;
        this.known = new PlanContext(plan, settings);
    }

    /** Refuses a plan that is not enabled. */
    void requireEnabled() {
        if (plan.disabled() != null && !settings.disabledPlan()) {
            throw new FmfException(
                    FmfException.Kind.GENERAL,
                    "the plan " + plan.name() + " is disabled: " + plan.disabled()
                            + ". FmfDiscovery.withDisabledPlan() runs it all the same",
                    null);
        }
    }

    /** Reports keys that are nearly those of plans, which would be ignored without a word. */
    void check(KeyCheck keys) {
        keys.plan(node);
    }

    /** {@return what is known about where its tests run} */
    FmfContext context() {
        return known.context();
    }

    FmfPlan plan() {
        return new FmfPlan(
                new FmfPlan.Head(plan.name(), summary(), node.data()),
                context(),
                known.environment(),
                provision(),
                execute().flag("exit-first", false),
                steps());
    }

    /** Nothing depends on it, so that anything but text is none. */
    private String summary() {
        return node.data().get("summary") instanceof String text ? text : "";
    }

    private FmfPlan.Steps steps() {
        StepReader steps = new StepReader(plan, context(), known.expansion());
        steps.checkCleanup();
        return new FmfPlan.Steps(steps.prepare(), steps.finish());
    }

    /** {@return where its tests come from, at least one section} */
    List<DiscoverSection> sections() {
        return new DiscoverReader(plan, settings, known, execute()).sections();
    }

    private List<Map<String, @Nullable Object>> provision() {
        List<Map<String, @Nullable Object>> sections = new ArrayList<>();
        Object value = known.expansion().inside(node.data().get("provision"));
        for (Object section : value == null ? List.of() : Lists.like(value)) {
            sections.add(new Section(plan, "provision", Map.of()).rule("provision", section));
        }
        return sections;
    }

    private Section execute() {
        Object value = known.expansion().inside(node.data().get("execute"));
        List<?> list = value == null ? List.of() : Lists.like(value);
        if (list.size() > 1 || !list.isEmpty() && !(list.getFirst() instanceof Map)) {
            throw plan.wrong("execute", "it has to be one section, not " + value);
        }
        Section execute =
                new Section(plan, "execute", list.isEmpty() ? Map.of() : (Map<?, ?>) list.getFirst()).onlySystem();
        String how = execute.text("how");
        if (how != null && !how.equals("tmt")) {
            throw execute.wrong("'how: " + how + "' cannot be had here"
                    + (how.equals("upgrade")
                            ? ": run the plan, upgrade its systems in a test or a hook, and run the plan again"
                            : ", only 'how: tmt'"));
        }
        execute.requireKeys(FmfKey.Where.EXECUTE);
        return execute;
    }
}
