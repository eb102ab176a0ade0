package org.atex.fmf.tree;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfException.Kind;

/**
 * What to look for in a tree: all that is asked for has to hold. Immutable; each method returns a narrower query.
 *
 * <p>{@code FmfQuery.all().name("^/tests/").filter("tag: core")} finds the tests below {@code /tests} with that tag.
 */
public final class FmfQuery {
    private static final FmfQuery ALL =
            new FmfQuery(false, "", List.of(), List.of(), List.of(), List.of(), node -> true);

    private final boolean whole;
    private final String prefix;
    private final List<PyRegex> names;
    private final List<FmfFilter> filters;
    private final List<String> keys;
    private final List<Path> sources;
    private final Predicate<FmfNode> condition;

    private FmfQuery(
            boolean whole,
            String prefix,
            List<PyRegex> names,
            List<FmfFilter> filters,
            List<String> keys,
            List<Path> sources,
            Predicate<FmfNode> condition) {
        this.whole = whole;
        this.prefix = prefix;
        this.names = names;
        this.filters = filters;
        this.keys = keys;
        this.sources = sources;
        this.condition = condition;
    }

    /** {@return the query that every node that {@linkplain FmfTree#climb() counts} answers} */
    public static FmfQuery all() {
        return ALL;
    }

    /**
     * Includes the nodes that do not count when climbing.
     *
     * @param branches whether to include them
     * @return such a query
     */
    public FmfQuery whole(boolean branches) {
        return new FmfQuery(branches, prefix, names, filters, keys, sources, condition);
    }

    /**
     * Asks for a name. With several of them, one has to be found.
     *
     * @param pattern a regular expression, to be found anywhere in the full name
     * @return such a query
     * @throws FmfException if the expression is invalid
     */
    public FmfQuery name(String pattern) {
        return new FmfQuery(whole, prefix, and(names, PyRegex.compile(pattern)), filters, keys, sources, condition);
    }

    /**
     * Says what nodes of this tree are called among those of other trees: a name may also be found with that in front.
     *
     * @param text what is in front, such as {@code /first}
     * @return such a query
     */
    public FmfQuery prefix(String text) {
        return new FmfQuery(whole, text, names, filters, keys, sources, condition);
    }

    /**
     * Asks for a filter to hold. A node that lacks a key that the filter mentions does not answer.
     *
     * @param filter the filter expression
     * @return such a query
     */
    public FmfQuery filter(String filter) {
        return filter(FmfFilter.of(filter));
    }

    /**
     * Asks for a filter to hold. A node that lacks a key that the filter mentions does not answer.
     *
     * @param filter the filter
     * @return such a query
     */
    public FmfQuery filter(FmfFilter filter) {
        return new FmfQuery(whole, prefix, names, and(filters, filter), keys, sources, condition);
    }

    /**
     * Asks for a key to be there, be it with a null.
     *
     * @param key the key
     * @return such a query
     */
    public FmfQuery key(String key) {
        return new FmfQuery(whole, prefix, names, filters, and(keys, key), sources, condition);
    }

    /**
     * Asks for a link, as in {@code verifies:issue/12}.
     *
     * @param relationAndTarget two regular expressions with a colon between them, to be found anywhere in the relation and the
     *     target of one of the node's links; without a colon, the relation does not matter
     * @return such a query
     * @throws FmfException if an expression is invalid
     */
    public FmfQuery link(String relationAndTarget) {
        return where(FmfLink.query(relationAndTarget));
    }

    /**
     * Asks for a file among the sources. With several of them, one has to be.
     *
     * @param file the file; a relative path starts from the working directory
     * @return such a query
     */
    public FmfQuery source(Path file) {
        var absolute = file.toAbsolutePath().normalize();
        return new FmfQuery(whole, prefix, names, filters, keys, and(sources, absolute), condition);
    }

    /**
     * Asks for a condition to hold.
     *
     * @param holds the condition; a filter error in it means that it does not hold
     * @return such a query
     */
    public FmfQuery where(Predicate<FmfNode> holds) {
        return new FmfQuery(whole, prefix, names, filters, keys, sources, condition.and(holds));
    }

    private static <T> List<T> and(List<T> some, T more) {
        var all = new ArrayList<>(some);
        all.add(more);
        return List.copyOf(all);
    }

    boolean whole() {
        return whole;
    }

    private boolean found(PyRegex name, FmfNode node) {
        return name.find(node.name()) || !prefix.isEmpty() && name.find(prefix + node.name());
    }

    /**
     * Tells whether a node answers, wherever it is in its tree.
     *
     * @param node the node
     * @return whether all that is asked for holds
     * @throws FmfException if a regular expression of the query is invalid
     */
    public boolean matches(FmfNode node) {
        try {
            return keys.stream().allMatch(node::has)
                    && (names.isEmpty() || names.stream().anyMatch(name -> found(name, node)))
                    && (sources.isEmpty() || sources.stream().anyMatch(node.sources()::contains))
                    && filters.stream().allMatch(filter -> filter.matches(node))
                    && condition.test(node);
        } catch (FmfException e) {
            if (e.kind() == Kind.FILTER) {
                return false;
            }
            throw e;
        }
    }
}
