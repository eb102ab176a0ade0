package org.atex.fmf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/**
 * One section of a plan's {@code discover}, or what stands for it without a plan.
 *
 * @param name what tells it from other sections; may be empty if it is the only one
 * @param url where its tree is; null for the plan's own repository
 * @param ref the state of that repository
 * @param path the directory of its tree
 * @param wanted what it chooses of its tree
 */
record DiscoverSection(
        String name,
        @Nullable String url,
        @Nullable String ref,
        @Nullable String path,
        Wanted wanted) {
    /** All tests of the tree itself. */
    static final DiscoverSection ALL = new DiscoverSection("", null, null, null, Wanted.ALL);

    /**
     * Which tests to choose.
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

        List<FmfNode> choose(FmfTree tree, String prefix) {
            FmfQuery query = FmfQuery.all().prefix(prefix);
            FmfQuery tests = query.key("test").where(where);
            for (String name : names) {
                tests = tests.name(name);
            }
            for (String filter : filters) {
                tests = tests.filter(filter);
            }
            Set<String> excluded = new HashSet<>();
            for (String pattern : excludes) {
                tree.prune(query.name(pattern)).forEach(node -> excluded.add(node.name()));
            }
            return tree.prune(tests).stream()
                    .filter(Wanted::isRun)
                    .filter(node -> !excluded.contains(node.name()))
                    .toList();
        }

        /** {@return which tests there are to choose from} */
        static Known count(FmfTree tree) {
            Known known = Known.NONE;
            for (FmfNode node : tree.prune(FmfQuery.all().key("test"))) {
                boolean disabled = !node.bool("enabled", true);
                boolean manual = !disabled && (node.bool("manual", false) || node.has("story"));
                known = known.and(new Known(1, disabled ? 1 : 0, manual ? 1 : 0));
            }
            return known;
        }

        private static boolean isRun(FmfNode node) {
            return node.bool("enabled", true) && !node.bool("manual", false) && !node.has("story");
        }

        @Override
        public String toString() {
            return "names " + names + ", filters " + filters + ", excludes " + excludes;
        }
    }

    /**
     * How many tests there are.
     *
     * @param all all of them
     * @param disabled those that are disabled
     * @param manual those that are not, but for people
     */
    record Known(int all, int disabled, int manual) {
        static final Known NONE = new Known(0, 0, 0);

        Known and(Known more) {
            return new Known(all + more.all, disabled + more.disabled, manual + more.manual);
        }

        /** {@return how many are left to choose from} */
        int left() {
            return all - disabled - manual;
        }

        @Override
        public String toString() {
            return "of " + all + " there, " + (disabled == 0 ? "" : disabled + " disabled, ")
                    + (manual == 0 ? "" : manual + " manual, ");
        }
    }

    /** {@return the tree that it chooses from, not adjusted; the plan's own if it names no other} */
    FmfTree tree(FmfTree own, FmfCache cache) throws InterruptedException {
        if (url == null && ref == null && path == null) {
            return own;
        }
        if (url != null) {
            return cache.tree(new FmfId(url, ref, path == null ? "." : path, "/"));
        }
        Path root = own.directory().orElseThrow();
        Path directory = path == null ? root : root.resolve(path).normalize();
        if (ref == null) {
            return FmfTree.load(directory);
        }
        Path repository = repository(directory);
        return cache.tree(new FmfId(
                repository.toString(), ref, repository.relativize(directory).toString(), "/"));
    }

    private Path repository(Path directory) {
        for (Path at = directory; at != null; at = at.getParent()) {
            if (Files.exists(at.resolve(".git"))) {
                return at;
            }
        }
        throw new FmfException(
                FmfException.Kind.REFERENCE,
                "A discover section has the ref '" + ref + "' and no url, but " + directory
                        + " is in no git repository: add a url",
                null);
    }
}
