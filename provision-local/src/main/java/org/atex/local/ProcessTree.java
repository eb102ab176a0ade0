package org.atex.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.atex.local.Proc.Stat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All processes of one command, however they tried to get away. A process is of the command if
 *
 * <ul>
 *   <li>the variable {@value #VARIABLE} in the environment that it was started with holds the command's mark: this finds
 *       daemons with new sessions and dead parents; or
 *   <li>it is in the session that was made for the command, or in one that such a process made; or
 *   <li>it descends from one that is.
 * </ul>
 *
 * <p>So only what wipes its environment, leaves the session and outlives its parents at once escapes. A process that
 * carries marks, but not this one, is another command's and never touched.
 *
 * <p>Thread safety: for one thread.
 */
final class ProcessTree {
    /** The variable that marks processes; marks of commands within commands are strung together. */
    static final String VARIABLE = "ATEX_COMMAND";

    private static final Logger LOG = LoggerFactory.getLogger(ProcessTree.class);
    private static final boolean PROC = Proc.isThere();
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** How long it takes at the least to get through all numbers: no machine gives out more than 50,000 a second. */
    private static final Duration NUMBERS_LAST = Duration.ofMillis(Proc.pidLimit() / 50);

    private final Process root;
    private final long pid;
    private final String mark;
    private final long startedNanos;
    private final Set<Long> sessions = new HashSet<>();

    ProcessTree(Process root, String mark, long startedNanos) {
        this.root = root;
        this.pid = root.pid();
        this.mark = mark;
        this.startedNanos = startedNanos;
        sessions.add(pid);
    }

    /** A process as it was seen, with the environment that it was started with if that has marks. */
    private record Seen(Stat stat, @Nullable String marks) {}

    /**
     * Kills until nothing is left of any, for five seconds at the most. All at once, as one look at all processes does
     * for all trees.
     *
     * @param trees what to end
     */
    static void end(Collection<ProcessTree> trees) {
        if (!PROC) {
            trees.forEach(ProcessTree::endDescendants);
            return;
        }
        List<ProcessTree> left =
                trees.stream().filter(tree -> !tree.isSurelyGone()).toList();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (long pause = 100_000; !left.isEmpty() && !foundNone(left); pause = Math.min(2 * pause, 10_000_000)) {
            if (System.nanoTime() > deadline) {
                LOG.warn("processes of {} are still there {} after they were killed", left, PATIENCE);
                return;
            }
            // Nobody tells when a process that is not a child has died.
            LockSupport.parkNanos(pause);
        }
    }

    /** {@return whether nothing at all was started on this machine since: the usual end of a small command} */
    private boolean isSurelyGone() {
        return !root.isAlive() && !numbersMayRepeat() && Proc.lastPid() == pid;
    }

    /** Descendants have greater numbers, if the kernel did not run out of them. */
    private boolean numbersMayRepeat() {
        return System.nanoTime() - startedNanos > NUMBERS_LAST.toNanos();
    }

    private static boolean foundNone(List<ProcessTree> trees) {
        List<ProcessTree> alive =
                trees.stream().filter(tree -> tree.root.isAlive()).toList();
        boolean all = trees.stream().anyMatch(ProcessTree::numbersMayRepeat);
        long first = trees.stream().mapToLong(tree -> tree.pid).min().orElseThrow();
        long last = Proc.lastPid();
        Set<Stat> found = ours(trees, all ? Proc.all() : Proc.between(first, last));
        // One that was there may have started another and be gone before we looked at it: look at the newest, too.
        for (long newest; found.isEmpty() && (newest = Proc.lastPid()) != last; last = newest) {
            found = ours(trees, Proc.between(last, newest));
        }
        // Not root.destroyForcibly(): that closes streams from which somebody may still read.
        alive.forEach(tree -> tree.root.toHandle().destroyForcibly());
        found.forEach(ProcessTree::kill);
        return found.isEmpty() && alive.isEmpty();
    }

    private static Set<Stat> ours(List<ProcessTree> trees, List<Long> candidates) {
        List<Seen> seen = new ArrayList<>();
        long self = ProcessHandle.current().pid();
        for (long candidate : candidates) {
            String environment = Proc.environment(candidate);
            boolean marked = environment.contains(VARIABLE + "=");
            // Another command's process is the usual case where many run at once; the less is read of it the better.
            if (candidate != self && (!marked || trees.stream().anyMatch(tree -> environment.contains(tree.mark)))) {
                Stat stat = Proc.stat(candidate);
                if (stat != null && !stat.dead()) {
                    seen.add(new Seen(stat, marked ? environment : null));
                }
            }
        }
        Set<Stat> ours = new HashSet<>();
        trees.forEach(tree -> tree.addOurs(seen, ours));
        return ours;
    }

    private void addOurs(List<Seen> seen, Set<Stat> ours) {
        Set<Long> parents = new HashSet<>();
        if (root.isAlive()) {
            parents.add(pid);
        } else if (Proc.exists(pid)) {
            sessions.remove(pid); // the number was given to a stranger
        }
        List<Stat> unmarked = new ArrayList<>();
        for (Seen one : seen) {
            if (one.marks() == null) {
                unmarked.add(one.stat());
            } else if (one.marks().contains(mark)) {
                add(one.stat(), parents, ours);
            }
        }
        boolean more;
        do { // until there are no more children of children
            more = unmarked.removeIf(stat ->
                    (parents.contains(stat.parent()) || sessions.contains(stat.session())) && add(stat, parents, ours));
        } while (more);
    }

    private boolean add(Stat stat, Set<Long> parents, Set<Stat> ours) {
        parents.add(stat.pid());
        if (stat.session() == stat.pid()) {
            sessions.add(stat.pid());
        }
        ours.add(stat);
        return true;
    }

    /** Kills that very process, and not another that got its number meanwhile. */
    private static void kill(Stat stat) {
        ProcessHandle.of(stat.pid()).ifPresent(handle -> {
            // The handle knows when its process started, and kills no other; so check that it is the one we looked at.
            Stat now = Proc.stat(stat.pid());
            if (now != null && now.started().equals(stat.started())) {
                handle.destroyForcibly();
            }
        });
    }

    /** Where there is no /proc: those that still have their parents. */
    private void endDescendants() {
        List<ProcessHandle> descendants = root.descendants().toList();
        root.toHandle().destroyForcibly();
        descendants.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public String toString() {
        return "pid " + pid;
    }
}
