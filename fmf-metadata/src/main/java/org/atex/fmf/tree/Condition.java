package org.atex.fmf.tree;

import java.util.List;
import org.atex.fmf.tree.FmfContext.Decision;
import org.atex.fmf.tree.Version.Order;

/** A parsed condition: groups joined by {@code or}, each a list of terms joined by {@code and}. Immutable. */
record Condition(List<List<Condition.Term>> groups) {
    /** One operand of {@code and}: a comparison, a test for a dimension, or a literal. */
    sealed interface Term {
        Decision evaluate(FmfContext context, boolean caseSensitive);
    }

    static Condition parse(String text) {
        return new ConditionParser(text).parse();
    }

    /** Combines the groups: TRUE if any group is TRUE, else UNDECIDED if any is UNDECIDED, else FALSE. */
    Decision evaluate(FmfContext context, boolean caseSensitive) {
        var result = Decision.FALSE;
        for (var group : groups) {
            var decision = evaluate(group, context, caseSensitive);
            if (decision == Decision.TRUE) {
                return decision;
            }
            result = decision == Decision.UNDECIDED ? decision : result;
        }
        return result;
    }

    private static Decision evaluate(List<Term> group, FmfContext context, boolean caseSensitive) {
        var result = Decision.TRUE;
        for (var term : group) {
            var decision = term.evaluate(context, caseSensitive);
            if (decision == Decision.FALSE) {
                return decision;
            }
            result = decision == Decision.UNDECIDED ? decision : result;
        }
        return result;
    }

    /** The literal {@code true} or {@code false}. */
    record Literal(boolean value) implements Term {
        @Override
        public Decision evaluate(FmfContext context, boolean caseSensitive) {
            return Decision.of(value);
        }
    }

    /** The operator {@code is defined} or {@code is not defined}. */
    record Defined(String dimension, boolean wanted) implements Term {
        @Override
        public Decision evaluate(FmfContext context, boolean caseSensitive) {
            return Decision.of((context.values(dimension) != null) == wanted);
        }
    }

    /** A comparison of a dimension with one or more values, or a search for a pattern ({@code ~}, {@code !~}). */
    record Comparison(String dimension, String operator, List<Version> values) implements Term {
        @Override
        public Decision evaluate(FmfContext context, boolean caseSensitive) {
            var known = context.values(dimension);
            if (known == null) {
                return Decision.UNDECIDED;
            }
            // TRUE for any pair of values wins, then FALSE. An empty dimension, and only pairs that cannot be ordered,
            // leave the comparison undecided.
            var result = Decision.UNDECIDED;
            for (var value : values) {
                for (var left : known) {
                    var decision = compare(left, value, caseSensitive);
                    if (decision == Decision.TRUE) {
                        return decision;
                    }
                    result = decision == Decision.FALSE ? decision : result;
                }
            }
            return result;
        }

        private Decision compare(Version left, Version right, boolean caseSensitive) {
            if (operator.equals("~") || operator.equals("!~")) {
                var found = PyRegex.compile(right.text()).find(left.text());
                return Decision.of(found == operator.equals("~"));
            }
            var minor = operator.startsWith("~");
            var relation = minor ? operator.substring(1) : operator;
            var ordered = relation.startsWith("<") || relation.startsWith(">");
            var order = left.compare(right, minor, ordered, caseSensitive);
            return order == Order.UNDECIDED ? Decision.UNDECIDED : Decision.of(holds(relation, order));
        }

        private static boolean holds(String relation, Order order) {
            return switch (relation) {
                case "==", "=" -> order == Order.EQUAL;
                case "!=" -> order != Order.EQUAL;
                case "<" -> order == Order.LESS;
                case "<=" -> order != Order.GREATER;
                case ">" -> order == Order.GREATER;
                default -> order != Order.LESS;
            };
        }
    }
}
