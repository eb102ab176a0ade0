package org.atex.fmf;

import java.util.List;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfNode;

/**
 * The criteria of the program, in addition to those of the plan. Empty lists select all tests. Immutable.
 *
 * @param names patterns, one of which must be found in the name
 * @param filters filters that must all hold
 * @param excludes patterns, none of which may be found in the name
 * @param where a condition in Java
 */
record TestSelection(List<String> names, List<String> filters, List<String> excludes, Predicate<FmfNode> where) {
    static final TestSelection ALL = new TestSelection(List.of(), List.of(), List.of(), unused -> true);

    TestSelection and(TestSelection other) {
        return new TestSelection(
                ListValues.concat(names, other.names),
                ListValues.concat(filters, other.filters),
                ListValues.concat(excludes, other.excludes),
                where.and(other.where));
    }

    @Override
    public String toString() {
        // A condition in Java has no text.
        String described = ListValues.described("names", names, "filters", filters, "excludes", excludes);
        return described.isEmpty() ? "condition" : described;
    }
}
