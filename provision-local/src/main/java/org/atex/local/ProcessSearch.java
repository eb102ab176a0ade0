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

/** One look for all processes of some commands, see {@link ProcessTree}. For one thread. */
final class ProcessSearch {
    private static final boolean CHILDREN = Proc.listsChildren();
    private static final Orphans ORPHANS = new Orphans();

    private final Collection<ProcessTree> trees;
    private final Set<ProcessTree> alive;
    private final boolean numbersMayRepeat;
    private final long self = ProcessHandle.current().pid();
    private final Map<Stat, ProcessTree> ours = new HashMap<>();

    /**
     * Makes one.
     *
     * @param trees the commands
     * @param alive those whose own process runs
     * @param numbersMayRepeat whether what they started may have smaller numbers than theirs
     */
    ProcessSearch(Collection<ProcessTree> trees, Set<ProcessTree> alive, boolean numbersMayRepeat) {
        this.trees = trees;
        this.alive = alive;
        this.numbersMayRepeat = numbersMayRepeat;
    }

    /** {@return the processes that it found, without the commands' own} */
    Collection<Stat> run() {
        for (ProcessTree tree : trees) {
            if (!alive.contains(tree) && Proc.exists(tree.pid())) {
                tree.forgetNumber();
            }
        }
        long first = trees.stream().mapToLong(ProcessTree::pid).min().orElseThrow();
        long last = Proc.lastPid();
        boolean few = !numbersMayRepeat && Proc.areFew(first, last);
        if (few || !CHILDREN || !searchByParents()) {
            searchByNumbers(first, last);
        }
        return ours.keySet();
    }

    /** {@return whether that could be done} */
    private boolean searchByParents() {
        Set<Long> examined = new HashSet<>();
        for (ProcessTree tree : alive) {
            Stat root = Proc.stat(tree.pid());
            if (root != null) {
                descend(root, tree, examined);
            }
        }
        // First down, then across: one whose parent dies in between is found as an orphan.
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

    /** {@return those that are of a command} */
    private Map<Stat, ProcessTree> examine(List<Orphan> orphans) {
        Map<Stat, ProcessTree> found = new HashMap<>();
        Set<Long> younger = ORPHANS.younger(orphans);
        Map<Long, String> environments = Proc.environments(younger);
        for (Orphan orphan : orphans) {
            String environment = environments.get(orphan.pid());
            Stat stat = environment == null ? null : Proc.stat(orphan.pid());
            if (environment != null && stat != null && !stat.dead()) {
                ProcessTree tree = treeOf(stat, environment);
                if (tree != null) {
                    add(stat, tree);
                    found.put(stat, tree);
                } else if (ProcessTree.isStranger(stat, environment)) {
                    ORPHANS.remember(orphan, stat);
                }
            }
        }
        return found;
    }

    /** {@return the command of a process, by its marks if it has any, else by its session; null if it is of none} */
    private @Nullable ProcessTree treeOf(Stat stat, String environment) {
        boolean marked = isMarked(environment);
        return trees.stream()
                .filter(tree -> marked ? tree.marks(environment) : tree.hasSessionOf(stat))
                .findFirst()
                .orElse(null);
    }

    private static boolean isMarked(String environment) {
        return environment.contains(ProcessTree.VARIABLE + "=");
    }

    private void add(Stat stat, ProcessTree tree) {
        tree.add(stat);
        ours.put(stat, tree);
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
                if (stat != null && !stat.dead() && (!isMarked(environment) || tree.marks(environment))) {
                    add(stat, tree);
                    parents.add(stat);
                }
            }
        }
    }

    private void searchByNumbers(long first, long last) {
        addOurs(numbersMayRepeat ? Proc.all() : Proc.between(first, last));
        // One that was there may have started another and be gone before we looked at it: look at the newest, too.
        long seen = last;
        for (long newest; ours.isEmpty() && (newest = Proc.lastPid()) != seen; seen = newest) {
            addOurs(Proc.between(seen, newest));
        }
    }

    private void addOurs(List<Long> candidates) {
        Map<Long, String> environments = Proc.environments(candidates);
        List<Stat> unmarked = new ArrayList<>();
        Map<Long, ProcessTree> parents = new HashMap<>();
        alive.forEach(tree -> parents.put(tree.pid(), tree));
        for (long candidate : candidates) {
            String environment = environments.getOrDefault(candidate, "");
            boolean marked = isMarked(environment);
            // Another command's process is the usual case where many run at once; the less is read of it the better.
            if (candidate == self || marked && trees.stream().noneMatch(tree -> tree.marks(environment))) {
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
        do { // until there are no more children of children
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
