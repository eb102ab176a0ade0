package org.atex.fmf.tree;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfException.Kind;

/**
 * A query for the nodes of a tree: a node matches if it satisfies all criteria. Immutable and thread-safe; each method
 * returns a copy with one more criterion.
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

    /** {@return a query for all {@linkplain FmfNode#selected selected} nodes} */
    public static FmfQuery all() {
        return ALL;
    }

    /**
     * Sets whether nodes are included that are not {@linkplain FmfNode#selected selected}. By default they are not.
     *
     * @param branches true to include them
     * @return a query with this setting
     */
    public FmfQuery whole(boolean branches) {
        return new FmfQuery(branches, prefix, names, filters, keys, sources, condition);
    }

    /**
     * Requires a name. If this is called several times, one of the expressions must match.
     *
     * @param pattern a regular expression, searched for anywhere in the full name
     * @return a narrower query
     * @throws FmfException if the expression is invalid
     */
    public FmfQuery name(String pattern) {
        return new FmfQuery(whole, prefix, and(names, PyRegex.compile(pattern)), filters, keys, sources, condition);
    }

    /**
     * Sets a prefix that node names have when this tree is combined with others. A {@linkplain #name name} matches if
     * it is found in the full name with or without the prefix.
     *
     * @param text the prefix, such as {@code /first}
     * @return a query with this prefix
     */
    public FmfQuery prefix(String text) {
        return new FmfQuery(whole, text, names, filters, keys, sources, condition);
    }

    /**
     * Requires a filter to match. A node that lacks a key that the filter mentions does not match.
     *
     * @param filter the filter expression
     * @return a narrower query
     */
    public FmfQuery filter(String filter) {
        return filter(FmfFilter.of(filter));
    }

    /**
     * Requires a filter to match. A node that lacks a key that the filter mentions does not match.
     *
     * @param filter the filter
     * @return a narrower query
     */
    public FmfQuery filter(FmfFilter filter) {
        return new FmfQuery(whole, prefix, names, and(filters, filter), keys, sources, condition);
    }

    /**
     * Requires a key, even with the value null.
     *
     * @param key the key
     * @return a narrower query
     */
    public FmfQuery key(String key) {
        return new FmfQuery(whole, prefix, names, filters, and(keys, key), sources, condition);
    }

    /**
     * Requires a link, as in {@code verifies:issue/12}.
     *
     * @param relationAndTarget two regular expressions separated by a colon, searched for anywhere in the relation and
     *     in the target of each link of the node; without a colon, only the target is searched
     * @return a narrower query
     * @throws FmfException if an expression is invalid
     */
    public FmfQuery link(String relationAndTarget) {
        return where(FmfLink.query(relationAndTarget));
    }

    /**
     * Requires a file among the {@linkplain FmfNode#sources sources}. If this is called several times, one of the files
     * must be a source.
     *
     * @param file the file; a relative path starts from the working directory
     * @return a narrower query
     */
    public FmfQuery source(Path file) {
        var absolute = file.toAbsolutePath().normalize();
        return new FmfQuery(whole, prefix, names, filters, keys, and(sources, absolute), condition);
    }

    /**
     * Requires a condition.
     *
     * @param holds the condition; an {@link FmfException} of the kind {@code FILTER} in it means that the node does not
     *     match
     * @return a narrower query
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
     * Evaluates the query for a node, whether or not the node is {@linkplain FmfNode#selected selected}.
     *
     * @param node the node
     * @return true if the node satisfies all criteria
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
