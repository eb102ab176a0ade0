package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.fmf.tree.FmfContext;
import org.jspecify.annotations.Nullable;

/** What a plan adds to the tests that it chooses, and what it asks of the program that runs them. Immutable. */
public final class FmfPlan {
    /** No plan at all. */
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
     * What it is.
     *
     * @param name its name
     * @param summary in a few words, perhaps empty
     * @param metadata all that its tree says of it
     */
    record Head(String name, String summary, Map<String, @Nullable Object> metadata) {}

    /**
     * What it does to systems.
     *
     * @param prepare before the first test
     * @param finish after the last
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

    /** {@return its name, or {@code none} for tests that were chosen without a plan} */
    public String name() {
        return head.name;
    }

    /** {@return what it is in a few words, perhaps empty} */
    public String summary() {
        return head.summary;
    }

    /** {@return everything that its tree says of it, as it is written there; unmodifiable} */
    public Map<String, @Nullable Object> metadata() {
        return head.metadata;
    }

    /** {@return what is known about where its tests run: its own {@code context}, and that of the discovery, which wins} */
    public FmfContext context() {
        return context;
    }

    /**
     * {@return variables for every script and test, those of its files included; they may refer to others, such as
     * {@code $TMT_TREE}, which are known on the system; unmodifiable}
     */
    public Map<String, String> environment() {
        return environment;
    }

    /**
     * {@return the variables, with references to what is known on a system}
     *
     * @param known variables of the system
     * @param options those of the user
     */
    Map<String, String> environment(Map<String, String> known, FmfOptions options) {
        if (environment.isEmpty()) {
            return environment;
        }
        Map<String, String> all = new LinkedHashMap<>(known);
        all.putAll(options.environment());
        return new Expansion(all, context).of(environment);
    }

    /**
     * {@return the sections of {@code provision}, as they are written: what the plan needs, for the program that chooses
     * systems; unmodifiable}
     */
    public List<Map<String, @Nullable Object>> provision() {
        return provision;
    }

    /** {@return whether no further test is to be run after one that failed; {@code exit-first}} */
    public boolean exitFirst() {
        return exitFirst;
    }

    /** {@return what is done to each system before its first test, in this order; unmodifiable} */
    public List<Phase> prepare() {
        return steps.prepare;
    }

    /** {@return what is done to each system after its last test, in this order; unmodifiable} */
    public List<Phase> finish() {
        return steps.finish;
    }

    @Override
    public String toString() {
        return head.name;
    }
}
