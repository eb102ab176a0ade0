package org.atex.fmf;

import java.util.List;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfNode;

/**
 * Which tests the user's program asks for, beside what the plan says.
 *
 * @param names patterns one of which must be in the name, if there are any
 * @param filters filters that must all hold
 * @param excludes patterns none of which may be in the name
 * @param where what plain Java says
 */
record Wanted(List<String> names, List<String> filters, List<String> excludes, Predicate<FmfNode> where) {
    static final Wanted ALL = new Wanted(List.of(), List.of(), List.of(), unused -> true);

    Wanted and(Wanted more) {
        return new Wanted(
                Lists.plus(names, more.names),
                Lists.plus(filters, more.filters),
                Lists.plus(excludes, more.excludes),
                where.and(more.where));
    }

    @Override
    public String toString() {
        return "names " + names + ", filters " + filters + ", excludes " + excludes;
    }
}
