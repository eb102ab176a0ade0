package org.atex.fmf.tree;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.atex.fmf.tree.FmfContext.Decision;
import org.atex.fmf.tree.FmfException.Kind;
import org.jspecify.annotations.Nullable;

/** Applies the rules of the nodes of one tree, for one context. */
final class Adjuster {
    private final FmfContext context;
    private final FmfAdjustment options;
    private final Merge merge;

    /** Conditions come to the same in all nodes. */
    private final Map<String, Decision> decisions = new HashMap<>();

    /** One for all nodes: the reference, too, shares the values in them. */
    private final Sequence additional;

    /**
     * Adjusts one tree.
     *
     * @param apart whether no two nodes share a mapping
     */
    Adjuster(FmfContext context, FmfAdjustment options, boolean apart) {
        this.merge = new Merge(new Limits.Work(), apart);
        this.context = context;
        this.options = options;
        this.additional = Sequence.of(
                options.additionalRules().stream().map(JavaValues::mapping).toList());
    }

    Draft adjust(FmfNode root) {
        var draft = Draft.root();
        copy(root, draft, merge.copies());
        adjust(root, draft);
        return draft;
    }

    /** What nodes share is copied before the first rule: a rule for one node may change the data of another. */
    private void copy(FmfNode node, Draft draft, Copies copies) {
        draft.copy(node);
        draft.data(merge.apart() ? node.mapping() : copies.copy(node.mapping()));
        node.children().forEach((name, child) -> copy(child, draft.child(name), copies));
    }

    private void adjust(FmfNode node, Draft draft) {
        try {
            var data = rules(node, draft.data(), false);
            if (!additional.isEmpty() && options.additionalRulesFor().test(node)) {
                data = rules(node, data, true);
            }
            draft.data(merge.apart() ? Copies.settle(data) : data);
        } catch (FmfException e) {
            throw e.at(node.site().of(Places.actingOn(options.key())) + "Node " + node.name());
        }
        node.children().forEach((name, child) -> adjust(child, draft.child(name)));
    }

    /** {@return the data with a list of rules applied: a changed copy, or the same if no rule holds} */
    @SuppressWarnings("ReferenceEquality") // Not equal data but the node's own ones must not be changed.
    private Mapping rules(FmfNode node, Mapping original, boolean fromOptions) {
        var data = original;
        var rules = fromOptions ? additional : own(data);
        for (var i = 0; i < rules.size(); i++) {
            if (!(rules.get(i) instanceof Mapping rule)) {
                throw bad(i, "has to be a mapping, found " + Values.typeOf(rules.get(i)));
            }
            var more = rule.containsKey("continue") ? rule.get("continue") : true;
            if (!(more instanceof Boolean goOn)) {
                throw bad(i, "continue has to be true or false, found " + PyText.repr(more));
            }
            var decision = decide(i, rule);
            options.listener().decided(node, rule, decision);
            if (decision == Decision.UNDECIDED && options.failUndecided()) {
                throw new FmfException(
                        Kind.CANNOT_DECIDE,
                        place(i) + "the context " + context + " cannot decide the condition\n"
                                + ConditionParser.caret(PyText.str(rule.get("when")), 0));
            }
            if (decision == Decision.TRUE) {
                if (data == node.mapping()) {
                    // Only now, and once: what a rule sets has to be what stands in the copied rule.
                    data = merge.copy(data);
                    rules = fromOptions ? rules : own(data);
                    rule = (Mapping) Objects.requireNonNull(rules.get(i));
                }
                apply(i, data, rule);
                if (!goOn) {
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
                "Key \"" + options.key() + "\": rules have to be a mapping or a list of them, found "
                        + Values.typeOf(rules));
    }

    private Decision decide(int position, Mapping rule) {
        var when = rule.containsKey("when") ? rule.get("when") : true;
        return switch (when) {
            case Boolean decided -> Decision.of(decided);
            case String text -> decide(position, text);
            case null, default ->
                throw bad(Kind.INVALID_VALUE, position, "when has to be text, found " + PyText.repr(when));
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
            throw e.at(place(position) + "cannot be applied");
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
