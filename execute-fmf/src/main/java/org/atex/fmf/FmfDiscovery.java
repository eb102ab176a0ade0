package org.atex.fmf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;

/**
 * Chooses tests of a tree: what is asked for here, and by a plan, must all hold. Immutable: each method gives a changed
 * copy. Nothing is read before {@link #discover()}.
 */
public final class FmfDiscovery {
    private final Path path;
    private final String plan;
    private final List<String> names;
    private final List<String> filters;
    private final List<String> excludes;
    private final FmfContext context;
    private final Predicate<FmfNode> where;

    FmfDiscovery(Path path) {
        this(path, "", List.of(), List.of(), List.of(), FmfContext.empty(), unused -> true);
    }

    private FmfDiscovery(
            Path path,
            String plan,
            List<String> names,
            List<String> filters,
            List<String> excludes,
            FmfContext context,
            Predicate<FmfNode> where) {
        this.path = path;
        this.plan = plan;
        this.names = names;
        this.filters = filters;
        this.excludes = excludes;
        this.context = context;
        this.where = where;
    }

    /**
     * {@return this discovery, led by a plan: it says which tests, with which variables, prepared how}
     *
     * @param name the plan's name, such as {@code /plans/smoke}
     */
    public FmfDiscovery plan(String name) {
        return new FmfDiscovery(path, name, names, filters, excludes, context, where);
    }

    /**
     * {@return this discovery, of tests whose name matches}
     *
     * @param pattern a regular expression that is searched for in names; of several, any will do
     */
    public FmfDiscovery name(String pattern) {
        return new FmfDiscovery(path, plan, plus(names, pattern), filters, excludes, context, where);
    }

    /**
     * {@return this discovery, of tests that a filter accepts}
     *
     * @param expression an fmf filter, such as {@code tag: smoke & component: bash}; of several, all must hold
     */
    public FmfDiscovery filter(String expression) {
        return new FmfDiscovery(path, plan, names, plus(filters, expression), excludes, context, where);
    }

    /**
     * {@return this discovery, without tests whose name matches}
     *
     * @param pattern a regular expression that is searched for in names
     */
    public FmfDiscovery exclude(String pattern) {
        return new FmfDiscovery(path, plan, names, filters, plus(excludes, pattern), context, where);
    }

    /**
     * {@return this discovery, of tests that plain Java accepts}
     *
     * @param wanted is asked of each test's node; of several, all must hold
     */
    public FmfDiscovery where(Predicate<FmfNode> wanted) {
        return new FmfDiscovery(path, plan, names, filters, excludes, context, where.and(wanted));
    }

    /**
     * {@return this discovery, in another context: what the {@code adjust} rules of the tree ask about}
     *
     * @param value the dimensions, such as {@code distro} and {@code arch}
     */
    public FmfDiscovery context(FmfContext value) {
        return new FmfDiscovery(path, plan, names, filters, excludes, value, where);
    }

    private static List<String> plus(List<String> list, String more) {
        List<String> all = new ArrayList<>(list);
        all.add(more);
        return List.copyOf(all);
    }

    /**
     * Reads the tree and chooses.
     *
     * @return the tests, at least one
     * @throws FmfException if there is no tree, it cannot be read, there is no such plan, or nothing is left to run
     */
    public FmfTests discover() {
        FmfTree tree = FmfTree.load(path).adjust(context);
        Path root = tree.directory().orElse(path);
        PlanReader reader = plan.isEmpty() ? null : PlanReader.of(tree, plan);
        FmfDiscovery all = reader == null ? this : reader.addTo(this);
        List<FmfTest> tests = all.choose(tree, root);
        if (tests.isEmpty()) {
            throw new FmfException(FmfException.Kind.GENERAL, all.nothingLeft(tree), null);
        }
        return new FmfTests(root, reader == null ? FmfPlan.NONE : reader.plan(), tests);
    }

    private List<FmfTest> choose(FmfTree tree, Path root) {
        FmfQuery query = FmfQuery.all().key("test").where(where);
        for (String name : names) {
            query = query.name(name);
        }
        for (String filter : filters) {
            query = query.filter(filter);
        }
        Set<String> excluded = new HashSet<>();
        for (String pattern : excludes) {
            tree.prune(FmfQuery.all().name(pattern)).forEach(node -> excluded.add(node.name()));
        }
        return tree.prune(query).stream()
                .filter(FmfDiscovery::isRun)
                .filter(node -> !excluded.contains(node.name()))
                .map(node -> FmfTest.of(node, directory(node, root)))
                .toList();
    }

    private static boolean isRun(FmfNode node) {
        return node.bool("enabled", true) && !node.bool("manual", false) && !node.has("story");
    }

    private static String directory(FmfNode node, Path root) {
        Path directory = node.text("path")
                .map(path -> root.resolve(path.replaceFirst("^/+", "")))
                .or(node::directory)
                .orElse(root);
        Path relative = root.relativize(directory.normalize());
        if (relative.startsWith("..")) {
            throw node.unexpected("path", "a directory of the tree");
        }
        return relative.toString();
    }

    private String nothingLeft(FmfTree tree) {
        long known = tree.prune(FmfQuery.all().key("test")).stream()
                .filter(FmfDiscovery::isRun)
                .count();
        return "no tests to run in " + path + ": of " + known + " there, none is left by"
                + (plan.isEmpty() ? "" : " the plan " + plan + ",")
                + " names " + names + ", filters " + filters + ", excludes " + excludes + " and " + context
                + ": loosen one of them";
    }
}
