package org.atex.fmf.tree;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfContext.Decision;
import org.jspecify.annotations.Nullable;

/**
 * How to adjust a tree. Immutable; each {@code with} method returns a changed copy.
 *
 * <p>By default the rules stand under the key {@code adjust}, undecided conditions are skipped, and capital and small
 * letters differ.
 */
public final class FmfAdjustment {
    private static final FmfAdjustment DEFAULTS =
            new FmfAdjustment("adjust", false, true, List.of(), node -> true, (node, rule, decision) -> {});

    private final String key;
    private final boolean failUndecided;
    private final boolean caseSensitive;
    private final List<Map<String, ? extends @Nullable Object>> additionalRules;
    private final Predicate<FmfNode> additionalRulesFor;
    private final Listener listener;

    private FmfAdjustment(
            String key,
            boolean failUndecided,
            boolean caseSensitive,
            List<Map<String, ? extends @Nullable Object>> additionalRules,
            Predicate<FmfNode> additionalRulesFor,
            Listener listener) {
        this.key = key;
        this.failUndecided = failUndecided;
        this.caseSensitive = caseSensitive;
        this.additionalRules = additionalRules;
        this.additionalRulesFor = additionalRulesFor;
        this.listener = listener;
    }

    /** Hears what becomes of each rule. */
    @FunctionalInterface
    public interface Listener {
        /**
         * A condition was evaluated; if it is true, the rule is about to be applied.
         *
         * @param node the node, not yet adjusted
         * @param rule the rule
         * @param decision what its condition came to
         */
        void decided(FmfNode node, Map<?, ? extends @Nullable Object> rule, Decision decision);
    }

    /** {@return the usual options} */
    public static FmfAdjustment defaults() {
        return DEFAULTS;
    }

    /**
     * Takes the rules from another key.
     *
     * @param newKey the key
     * @return changed options
     */
    public FmfAdjustment withKey(String newKey) {
        return new FmfAdjustment(newKey, failUndecided, caseSensitive, additionalRules, additionalRulesFor, listener);
    }

    /**
     * Says what to do when a condition cannot be decided.
     *
     * @param fail whether to throw, not to skip the rule
     * @return changed options
     */
    public FmfAdjustment withFailUndecided(boolean fail) {
        return new FmfAdjustment(key, fail, caseSensitive, additionalRules, additionalRulesFor, listener);
    }

    /**
     * Says whether capital and small letters differ in conditions.
     *
     * @param sensitive whether they differ
     * @return changed options
     */
    public FmfAdjustment withCaseSensitive(boolean sensitive) {
        return new FmfAdjustment(key, failUndecided, sensitive, additionalRules, additionalRulesFor, listener);
    }

    /**
     * Adds rules that are applied to nodes after their own.
     *
     * @param rules the rules
     * @param which the nodes to apply them to
     * @return changed options
     */
    public FmfAdjustment withAdditionalRules(
            List<? extends Map<String, ? extends @Nullable Object>> rules, Predicate<FmfNode> which) {
        return new FmfAdjustment(key, failUndecided, caseSensitive, List.copyOf(rules), which, listener);
    }

    /**
     * Sets who hears about decisions.
     *
     * @param newListener who
     * @return changed options
     */
    public FmfAdjustment withListener(Listener newListener) {
        return new FmfAdjustment(key, failUndecided, caseSensitive, additionalRules, additionalRulesFor, newListener);
    }

    String key() {
        return key;
    }

    boolean failUndecided() {
        return failUndecided;
    }

    boolean caseSensitive() {
        return caseSensitive;
    }

    List<Map<String, ? extends @Nullable Object>> additionalRules() {
        return additionalRules;
    }

    Predicate<FmfNode> additionalRulesFor() {
        return additionalRulesFor;
    }

    Listener listener() {
        return listener;
    }
}
