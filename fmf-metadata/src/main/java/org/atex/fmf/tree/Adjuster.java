package org.atex.fmf.tree;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.atex.fmf.tree.FmfContext.Decision;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** Applies the {@code adjust} rules of all nodes of one tree in one context. Used by one thread. */
final class Adjuster {
    private final FmfContext context;
    private final FmfAdjustment options;
    private final Merge merge;

    /** Decisions by condition text: a condition depends on the context only, so each is evaluated once per tree. */
    private final Map<String, Decision> decisions = new HashMap<>();

    /** The additional rules, one object for all nodes: Python fmf shares their values between nodes as well. */
    private final Sequence additional;

    /**
     * Creates an adjuster for one tree.
     *
     * @param unshared true if no mapping is shared by two nodes
     */
    Adjuster(FmfContext context, FmfAdjustment options, boolean unshared) {
        this.merge = new Merge(new Limits.Work(), unshared);
        this.context = context;
        this.options = options;
        this.additional = Sequence.of(
                options.additionalRules().stream().map(JavaValues::mapping).toList());
    }

    NodeBuilder adjust(FmfNode root) {
        var builder = NodeBuilder.root();
        copy(root, builder, merge.copies());
        adjust(root, builder);
        return builder;
    }

    // All nodes are copied before the first rule is applied: nodes may share a mapping, and then a rule of one node
    // changes the data of the other. Copying node by node would lose such a change.
    private void copy(FmfNode node, NodeBuilder builder, DeepCopier copies) {
        builder.copy(node);
        builder.data(merge.unshared() ? node.mapping() : copies.copy(node.mapping()));
        node.children().forEach((name, child) -> copy(child, builder.child(name), copies));
    }

    private void adjust(FmfNode node, NodeBuilder builder) {
        try {
            var data = rules(node, builder.data(), false);
            if (!additional.isEmpty() && options.additionalRulesFor().test(node)) {
                data = rules(node, data, true);
            }
            builder.data(merge.unshared() ? DeepCopier.replaceUnchanged(data) : data);
        } catch (FmfException e) {
            throw e.at(node.nodeFiles().place(KeyLocator.actingOn(options.key())) + "Node " + node.name());
        }
        node.children().forEach((name, child) -> adjust(child, builder.child(name)));
    }

    /** {@return a changed copy of the data, or the same object if no rule applies} */
    @SuppressWarnings("ReferenceEquality") // Detects whether the data are still the node's own object.
    private Mapping rules(FmfNode node, Mapping original, boolean fromOptions) {
        var data = original;
        var rules = fromOptions ? additional : own(data);
        for (var i = 0; i < rules.size(); i++) {
            if (!(rules.get(i) instanceof Mapping rule)) {
                throw bad(i, "must be a mapping, found " + Values.typeOf(rules.get(i)));
            }
            var more = rule.containsKey("continue") ? rule.get("continue") : true;
            if (!(more instanceof Boolean proceed)) {
                throw bad(i, "continue must be true or false, found " + PyText.repr(more));
            }
            var decision = decide(i, rule);
            options.listener().decided(node, rule, decision);
            if (decision == Decision.UNDECIDED && options.failUndecided()) {
                throw new FmfException(
                        Kind.CANNOT_DECIDE,
                        place(i) + "could not decide the condition in the context " + context + "\n"
                                + ConditionParser.caret(PyText.str(rule.get("when")), 0));
            }
            if (decision == Decision.TRUE) {
                if (data == node.mapping()) {
                    // Copied once, when the first rule applies. The rule is then read again from the copy, so that
                    // values which the data share with the rule stay shared within the copy.
                    data = merge.copy(data);
                    rules = fromOptions ? rules : own(data);
                    rule = (Mapping) Objects.requireNonNull(rules.get(i));
                }
                apply(i, data, rule);
                if (!proceed) {
                    break;
                }
            }
        }
        return data;
    }

    private Sequence own(Mapping data) {
        if (!data.containsKey(options.key())) {
            return Sequence.EMPTY;
        }
        var rules = data.get(options.key());
        if (rules instanceof Mapping) {
            return Sequence.of(new Object[] {rules});
        }
        var list = Values.list(rules);
        if (list != null) {
            return list;
        }
        throw new FmfException(
                Kind.FORMAT,
                "Key \"" + options.key() + "\": rules must be a mapping or a list of mappings, found "
                        + Values.typeOf(rules));
    }

    private Decision decide(int position, Mapping rule) {
        var when = rule.containsKey("when") ? rule.get("when") : true;
        return switch (when) {
            case Boolean decided -> Decision.of(decided);
            case String text -> decide(position, text);
            case null, default ->
                throw bad(Kind.INVALID_VALUE, position, "when must be text, found " + PyText.repr(when));
        };
    }

    private Decision decide(int position, String text) {
        var known = decisions.get(text);
        if (known != null) {
            return known;
        }
        try {
            var decision = context.decide(text, options.caseSensitive());
            decisions.put(text, decision);
            return decision;
        } catch (FmfException e) {
            throw e.at(place(position) + "when");
        }
    }

    private void apply(int position, Mapping data, Mapping rule) {
        var changes = new Mapping(rule.size());
        for (var i = 0; i < rule.size(); i++) {
            var key = rule.keyAt(i);
            if (!"when".equals(key) && !"continue".equals(key) && !"because".equals(key)) {
                changes.store(key, rule.valueAt(i));
            }
        }
        try {
            merge.all(data, changes);
        } catch (FmfException e) {
            throw e.at(place(position) + "could not apply the rule");
        }
    }

    private String place(int position) {
        return "Key \"" + options.key() + "\", rule " + (position + 1) + ": ";
    }

    private FmfException bad(int position, String what) {
        return bad(Kind.FORMAT, position, what);
    }

    private FmfException bad(Kind kind, int position, @Nullable String what) {
        return new FmfException(kind, place(position) + what);
    }
}
