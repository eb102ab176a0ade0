package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.jspecify.annotations.Nullable;

/**
 * A plan: variables and phases for the tests that it selects, and requests to the program that runs them. Immutable.
 */
public final class FmfPlan {
    /** The plan of tests that were selected without a plan. */
    static final FmfPlan NONE = new FmfPlan(
            new Head("none", "", Map.of()),
            FmfContext.empty(),
            Map.of(),
            List.of(),
            false,
            new Steps(List.of(), List.of()));

    private final Head head;
    private final FmfContext context;
    private final Map<String, String> environment;
    private final List<Map<String, @Nullable Object>> provision;
    private final boolean exitFirst;
    private final Steps steps;

    /**
     * The name and the metadata of a plan.
     *
     * @param name the name
     * @param summary the summary, or an empty string
     * @param metadata all its keys with their values
     */
    record Head(String name, String summary, Map<String, @Nullable Object> metadata) {}

    /**
     * The phases of a plan.
     *
     * @param prepare the phases before the first test
     * @param finish the phases after the last test
     */
    record Steps(List<Phase> prepare, List<Phase> finish) {
        Steps {
            prepare = List.copyOf(prepare);
            finish = List.copyOf(finish);
        }
    }

    FmfPlan(
            Head head,
            FmfContext context,
            Map<String, String> environment,
            List<Map<String, @Nullable Object>> provision,
            boolean exitFirst,
            Steps steps) {
        this.head = head;
        this.context = context;
        this.environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        this.provision = List.copyOf(provision);
        this.exitFirst = exitFirst;
        this.steps = steps;
    }

    /** {@return the name of the plan, or {@code none} for tests that were selected without a plan} */
    public String name() {
        return head.name;
    }

    /** {@return the summary, or an empty string} */
    public String summary() {
        return head.summary;
    }

    /** {@return all keys of the plan with their values, as written in its tree; unmodifiable} */
    public Map<String, @Nullable Object> metadata() {
        return head.metadata;
    }

    /** {@return the context of the tests: that of the plan, overridden by that of the discovery} */
    public FmfContext context() {
        return context;
    }

    /**
     * {@return the variables for all scripts and tests, including those of files; unmodifiable} They may refer to
     * variables that are known on the system only, such as {@code $TMT_TREE}.
     */
    public Map<String, String> environment() {
        return environment;
    }

    /**
     * {@return the variables, in which references to variables of a system are replaced}
     *
     * @param known variables of the system
     * @param options have the variables of the user
     */
    Map<String, String> environment(Map<String, String> known, FmfOptions options) {
        if (environment.isEmpty()) {
            return environment;
        }
        Map<String, String> all = new LinkedHashMap<>(known);
        all.putAll(options.environment());
        return new Expansion(all, context).of(environment);
    }

    /** {@return the sections of {@code provision} as written, for the program that selects systems; unmodifiable} */
    public List<Map<String, @Nullable Object>> provision() {
        return provision;
    }

    /** {@return whether the remaining tests are skipped after a failure; the key {@code exit-first}} */
    public boolean exitFirst() {
        return exitFirst;
    }

    /** {@return the phases before the first test on each system, in this order; unmodifiable} */
    public List<Phase> prepare() {
        return steps.prepare;
    }

    /** {@return the phases after the last test on each system, in this order; unmodifiable} */
    public List<Phase> finish() {
        return steps.finish;
    }

    @Override
    public String toString() {
        return head.name;
    }
}
