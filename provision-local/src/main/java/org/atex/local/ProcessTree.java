package org.atex.local;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.atex.local.Proc.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All processes of one command, however they tried to get away. A process is of the command if
 *
 * <ul>
 *   <li>it descends from the command's own process; or
 *   <li>its parent died, and the variable {@value #VARIABLE} in the environment that it was started with holds the command's
 *       mark: this finds daemons with new sessions; or
 *   <li>its parent died, and it is in the session that was made for the command, or in one that such a process made; or
 *   <li>it descends from one that is.
 * </ul>
 *
 * <p>So only what wipes its environment, leaves the session and outlives its parents at once escapes, and what a service of
 * the machine starts on the command's behalf. A process that carries marks, but not this one, is another command's and
 * never touched.
 *
 * <p>Processes are found by the kernel's lists of children. So the costs are those of the command's own processes and of
 * this program's other ones, however many there are on the machine. Where there are no such lists, all processes with
 * later numbers are looked at.
 *
 * <p>Thread safety: for one thread.
 */
final class ProcessTree {
    /** The variable that marks processes; marks of commands within commands are strung together. */
    static final String VARIABLE = "ATEX_COMMAND";

    /** What the marks of all commands of this program begin with. */
    static final String PROGRAM =
            ";" + Long.toHexString(ThreadLocalRandom.current().nextLong());

    private static final Logger LOG = LoggerFactory.getLogger(ProcessTree.class);
    private static final boolean PROC = Proc.isThere();
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** The sessions of all commands that are not ended. */
    private static final Map<Long, ProcessTree> SESSIONS = new ConcurrentHashMap<>();

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
        addSession(pid);
    }

    private void addSession(long session) {
        sessions.add(session);
        SESSIONS.put(session, this);
    }

    /**
     * Kills until nothing is left of any, for five seconds at the most. All at once, as one look serves all trees.
     *
     * @param trees what to end
     */
    static void end(Collection<ProcessTree> trees) {
        if (!PROC) {
            trees.forEach(ProcessTree::endDescendants);
        } else {
            endAll(trees);
        }
        trees.forEach(tree -> tree.sessions.forEach(session -> SESSIONS.remove(session, tree)));
    }

    private static void endAll(Collection<ProcessTree> trees) {
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

    /** {@return the number of its own process} */
    long pid() {
        return pid;
    }

    /**
     * {@return whether a process is of it by what that was started with}
     *
     * @param environment the process's variables
     */
    boolean marks(String environment) {
        return environment.contains(mark);
    }

    /**
     * {@return whether a process is of it by its session}
     *
     * @param process the process
     */
    boolean hasSessionOf(Stat process) {
        return sessions.contains(process.session());
    }

    /**
     * Takes a process for one of it: where that has made a session, what is in that is of it, too.
     *
     * @param process the process
     */
    void add(Stat process) {
        if (process.session() == process.pid()) {
            addSession(process.pid());
        }
    }

    /** Has its number, which was given to a stranger, mean nothing any more. */
    void forgetNumber() {
        sessions.remove(pid);
        SESSIONS.remove(pid, this);
    }

    private static boolean foundNone(List<ProcessTree> trees) {
        Set<ProcessTree> alive =
                trees.stream().filter(tree -> tree.root.isAlive()).collect(Collectors.toSet());
        Collection<Stat> found =
                new ProcessSearch(trees, alive, trees.stream().anyMatch(ProcessTree::numbersMayRepeat)).run();
        // Not root.destroyForcibly(): that closes streams from which somebody may still read.
        alive.forEach(tree -> tree.root.toHandle().destroyForcibly());
        found.forEach(ProcessTree::kill);
        return found.isEmpty() && alive.isEmpty();
    }

    /** Kills that very process, and not another that got its number meanwhile. */
    private static void kill(Stat stat) {
        ProcessHandle.of(stat.pid()).ifPresent(handle -> {
            // The handle knows when its process started, and kills no other; so check that it is the one we looked at.
            Stat now = Proc.stat(stat.pid());
            if (now != null && now.started() == stat.started()) {
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

    /**
     * {@return whether a process is certainly of no command of this program, now and later}
     *
     * @param process the process
     * @param environment its variables
     */
    static boolean isStranger(Stat process, String environment) {
        return !environment.contains(PROGRAM) && !SESSIONS.containsKey(process.session());
    }

    @Override
    public String toString() {
        return "pid " + pid;
    }
}
