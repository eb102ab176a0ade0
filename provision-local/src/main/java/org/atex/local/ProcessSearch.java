package org.atex.local;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.local.Orphans.Orphan;
import org.atex.local.Proc.Stat;
import org.jspecify.annotations.Nullable;

/**
 * One search for all processes of several commands, by the rules of {@link ProcessTree}. Not thread-safe.
 *
 * <p>The search by parents follows the lists of children that the kernel keeps. The search by process ids examines all
 * processes that started after the commands. The latter is used if these are few, or if there are no lists of children.
 */
final class ProcessSearch {
    private static final boolean CHILDREN = Proc.listsChildren();
    private static final Orphans ORPHANS = new Orphans();

    private final Collection<ProcessTree> trees;
    private final Set<ProcessTree> alive;
    private final boolean pidsMayBeReused;
    private final long self = ProcessHandle.current().pid();
    private final Map<Stat, ProcessTree> found = new HashMap<>();

    /**
     * Creates a search.
     *
     * @param trees the commands
     * @param alive the commands with a running root process
     * @param pidsMayBeReused whether descendants may have lower process ids than their commands
     */
    ProcessSearch(Collection<ProcessTree> trees, Set<ProcessTree> alive, boolean pidsMayBeReused) {
        this.trees = trees;
        this.alive = alive;
        this.pidsMayBeReused = pidsMayBeReused;
    }

    /** {@return the processes found, without the root processes of the commands} */
    Collection<Stat> run() {
        for (ProcessTree tree : trees) {
            if (!alive.contains(tree) && Proc.exists(tree.pid())) {
                tree.forgetPid(); // the id belongs to an unrelated process now
            }
        }
        long first = trees.stream().mapToLong(ProcessTree::pid).min().orElseThrow();
        long last = Proc.lastPid();
        boolean smallRange = !pidsMayBeReused && Proc.isSmallRange(first, last);
        if (smallRange || !CHILDREN || !searchByParents()) {
            searchByNumbers(first, last);
        }
        return found.keySet();
    }

    /** {@return whether the search was possible} */
    private boolean searchByParents() {
        Set<Long> examined = new HashSet<>();
        for (ProcessTree tree : alive) {
            Stat root = Proc.stat(tree.pid());
            if (root != null) {
                descend(root, tree, examined);
            }
        }
        // Orphans after descendants: if the parent of a process ends in between, the process is an orphan by now.
        while (true) {
            List<Orphan> orphans = ORPHANS.unknown();
            if (orphans == null) {
                return false;
            }
            orphans.removeIf(orphan -> !examined.add(orphan.pid()));
            if (orphans.isEmpty()) {
                return true;
            }
            examine(orphans).forEach((stat, tree) -> descend(stat, tree, examined));
        }
    }

    /** {@return the orphans that belong to a command} */
    private Map<Stat, ProcessTree> examine(List<Orphan> orphans) {
        Map<Stat, ProcessTree> matches = new HashMap<>();
        Set<Long> younger = ORPHANS.startedAfterProgram(orphans);
        Map<Long, String> environments = Proc.environments(younger);
        for (Orphan orphan : orphans) {
            String environment = environments.get(orphan.pid());
            Stat stat = environment == null ? null : Proc.stat(orphan.pid());
            if (environment != null && stat != null && !stat.dead()) {
                ProcessTree tree = treeOf(stat, environment);
                if (tree != null) {
                    add(stat, tree);
                    matches.put(stat, tree);
                } else if (ProcessTree.isUnrelated(stat, environment)) {
                    ORPHANS.remember(orphan, stat);
                }
            }
        }
        return matches;
    }

    /** {@return the command to which a process belongs, by its marks if it has any, else by its session; or null} */
    private @Nullable ProcessTree treeOf(Stat stat, String environment) {
        boolean marked = isMarked(environment);
        return trees.stream()
                .filter(tree -> marked ? tree.hasMarkIn(environment) : tree.hasSessionOf(stat))
                .findFirst()
                .orElse(null);
    }

    private static boolean isMarked(String environment) {
        return environment.contains(ProcessTree.VARIABLE + "=");
    }

    private void add(Stat stat, ProcessTree tree) {
        tree.add(stat);
        found.put(stat, tree);
    }

    private void descend(Stat from, ProcessTree tree, Set<Long> examined) {
        Deque<Stat> parents = new ArrayDeque<>(List.of(from));
        for (@Nullable Stat parent; (parent = parents.poll()) != null; ) {
            List<Long> children = Proc.children(parent);
            children.removeIf(child -> !examined.add(child));
            Map<Long, String> environments = Proc.environments(children);
            for (long child : children) {
                Stat stat = Proc.stat(child);
                String environment = environments.getOrDefault(child, "");
                if (stat != null && !stat.dead() && (!isMarked(environment) || tree.hasMarkIn(environment))) {
                    add(stat, tree);
                    parents.add(stat);
                }
            }
        }
    }

    private void searchByNumbers(long first, long last) {
        addMatching(pidsMayBeReused ? Proc.all() : Proc.between(first, last));
        // A process may have started another and ended before it was examined, so new process ids are examined too.
        long seen = last;
        for (long newest; found.isEmpty() && (newest = Proc.lastPid()) != seen; seen = newest) {
            addMatching(Proc.between(seen, newest));
        }
    }

    private void addMatching(List<Long> candidates) {
        candidates.removeIf(ProcessTree::isRoot);
        Map<Long, String> environments = Proc.environments(candidates);
        List<Stat> unmarked = new ArrayList<>();
        Map<Long, ProcessTree> parents = new HashMap<>();
        alive.forEach(tree -> parents.put(tree.pid(), tree));
        for (long candidate : candidates) {
            String environment = environments.getOrDefault(candidate, "");
            boolean marked = isMarked(environment);
            // If many commands run, most processes belong to other commands. Their status need not be read.
            if (candidate == self || marked && trees.stream().noneMatch(tree -> tree.hasMarkIn(environment))) {
                continue;
            }
            Stat stat = Proc.stat(candidate);
            if (stat != null && !stat.dead()) {
                ProcessTree tree = marked ? treeOf(stat, environment) : null;
                if (tree == null) {
                    unmarked.add(stat);
                } else {
                    add(stat, tree);
                    parents.put(stat.pid(), tree);
                }
            }
        }
        addUnmarked(unmarked, parents);
    }

    private void addUnmarked(List<Stat> unmarked, Map<Long, ProcessTree> parents) {
        boolean more;
        do { // each round finds the children of the processes found in the previous one
            more = unmarked.removeIf(stat -> {
                ProcessTree tree = parents.getOrDefault(stat.parent(), treeOf(stat, ""));
                if (tree != null) {
                    add(stat, tree);
                    parents.put(stat.pid(), tree);
                }
                return tree != null;
            });
        } while (more);
    }
}
