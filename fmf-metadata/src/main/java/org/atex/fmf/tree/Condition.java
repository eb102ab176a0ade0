package org.atex.fmf.tree;

import java.util.List;
import org.atex.fmf.tree.FmfContext.Decision;
import org.atex.fmf.tree.Version.Order;

/** A parsed condition: groups of which one has to hold, each of terms that all have to. Immutable. */
record Condition(List<List<Condition.Term>> groups) {
    /** What can be said about one dimension, or about none. */
    sealed interface Term {
        Decision evaluate(FmfContext context, boolean caseSensitive);
    }

    static Condition parse(String text) {
        return new ConditionParser(text).parse();
    }

    /** One group that is true decides; else an undecided one leaves all undecided. */
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

    /** {@code true} or {@code false}. */
    record Literal(boolean value) implements Term {
        @Override
        public Decision evaluate(FmfContext context, boolean caseSensitive) {
            return Decision.of(value);
        }
    }

    /** {@code is defined} or {@code is not defined}. */
    record Defined(String dimension, boolean wanted) implements Term {
        @Override
        public Decision evaluate(FmfContext context, boolean caseSensitive) {
            return Decision.of((context.values(dimension) != null) == wanted);
        }
    }

    /** Any of the other operators. */
    record Comparison(String dimension, String operator, List<Version> values) implements Term {
        @Override
        public Decision evaluate(FmfContext context, boolean caseSensitive) {
            var known = context.values(dimension);
            if (known == null) {
                return Decision.UNDECIDED;
            }
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
