package org.atex.fmf.tree;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfContext.Decision;
import org.jspecify.annotations.Nullable;

/**
 * Options of {@link FmfTree#adjust(FmfContext, FmfAdjustment)}. Immutable; each {@code with} method returns a changed
 * copy.
 *
 * <p>By default the rules are read from the key {@code adjust}, rules with undecided conditions are skipped, and
 * conditions are case-sensitive.
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

    /** Receives the decision about each rule. Called by the thread that adjusts the tree. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Called after the condition of a rule was evaluated, and before the rule is applied if it is true.
         *
         * @param node the node, not yet adjusted
         * @param rule the rule
         * @param decision the value of its condition
         */
        void decided(FmfNode node, Map<?, ? extends @Nullable Object> rule, Decision decision);
    }

    /** {@return the default options} */
    public static FmfAdjustment defaults() {
        return DEFAULTS;
    }

    /**
     * Sets the key that holds the rules, {@code adjust} by default.
     *
     * @param newKey the key
     * @return a copy with this key
     */
    public FmfAdjustment withKey(String newKey) {
        return new FmfAdjustment(newKey, failUndecided, caseSensitive, additionalRules, additionalRulesFor, listener);
    }

    /**
     * Sets whether a condition that cannot be decided is an error. By default its rule is skipped.
     *
     * @param fail true to throw an {@link FmfException} of the kind {@code CANNOT_DECIDE}, false to skip the rule
     * @return a copy with this setting
     */
    public FmfAdjustment withFailUndecided(boolean fail) {
        return new FmfAdjustment(key, fail, caseSensitive, additionalRules, additionalRulesFor, listener);
    }

    /**
     * Sets whether conditions are case-sensitive, which is the default.
     *
     * @param sensitive true to distinguish upper and lower case
     * @return a copy with this setting
     */
    public FmfAdjustment withCaseSensitive(boolean sensitive) {
        return new FmfAdjustment(key, failUndecided, sensitive, additionalRules, additionalRulesFor, listener);
    }

    /**
     * Sets additional rules, which are applied to each selected node after the node's own rules.
     *
     * @param rules the rules, in the form that they have under the key of the rules
     * @param which selects the nodes to which the rules are applied
     * @return a copy with these rules instead of earlier ones
     */
    public FmfAdjustment withAdditionalRules(
            List<? extends Map<String, ? extends @Nullable Object>> rules, Predicate<FmfNode> which) {
        return new FmfAdjustment(key, failUndecided, caseSensitive, List.copyOf(rules), which, listener);
    }

    /**
     * Sets the listener for decisions.
     *
     * @param newListener the listener
     * @return a copy with this listener instead of an earlier one
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
