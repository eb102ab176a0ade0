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
import org.atex.support.CommandScript;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All processes of one command. A process belongs to the command if one of these conditions holds:
 *
 * <ul>
 *   <li>It is a descendant of the root process of the command.
 *   <li>Its parent has ended, and the variable {@value #VARIABLE} in its initial environment contains the mark of the
 *       command. This finds daemons with sessions of their own.
 *   <li>Its parent has ended, and it is in the session of the command, or in a session created by a process of the
 *       command.
 *   <li>It is a descendant of a process that belongs to the command.
 * </ul>
 *
 * <p>A process escapes only if it clears its environment, leaves the session, and its parents have ended, or if a
 * service of the machine starts it for the command. A process that has marks, but not this one, belongs to another
 * command and is never killed.
 *
 * <p>Processes are found by the lists of children that the kernel keeps. The cost depends on the number of processes of
 * this program, not on that of other processes on the machine. If there are no such lists, all processes with higher
 * process ids are examined.
 *
 * <p>Thread safety: not thread-safe; one thread at a time ends the processes.
 */
final class ProcessTree {
    /** The environment variable for marks. Processes of nested commands have several marks in it. */
    static final String VARIABLE = CommandScript.VARIABLE;

    /** The common prefix of the marks of all commands of this program. */
    static final String PROGRAM =
            ";" + Long.toHexString(ThreadLocalRandom.current().nextLong());

    private static final Logger LOG = LoggerFactory.getLogger(ProcessTree.class);
    private static final boolean HAS_PROC = Proc.isAvailable();
    private static final Duration KILL_TIMEOUT = Duration.ofSeconds(5);

    /** The sessions of all commands that have not been closed, by the process ids of their leaders. */
    private static final Map<Long, ProcessTree> SESSIONS = new ConcurrentHashMap<>();

    /** All commands that have not been closed, by the process ids of their root processes. */
    private static final Map<Long, ProcessTree> ROOTS = new ConcurrentHashMap<>();

    // The minimum time until the kernel assigns a process id again, if it assigns at most 50,000 ids per second.
    private static final Duration PID_REUSE_TIME = Duration.ofMillis(Proc.pidLimit() / 50);

    private final Process root;
    private final Runnable killRoot;
    private final long pid;
    private final long leader;
    private final String mark;
    private final long startedNanos;
    private final Set<Long> sessions = new HashSet<>();

    private ProcessTree(Process root, Runnable killRoot, long leader, String mark, long startedNanos) {
        this.root = root;
        this.killRoot = killRoot;
        this.pid = root.pid();
        this.leader = leader;
        this.mark = mark;
        this.startedNanos = startedNanos;
        addSession(leader);
        ROOTS.put(pid, this);
    }

    /**
     * {@return the processes of a command that this program has started in a session of its own}
     *
     * @param root the process
     * @param mark the mark in its environment
     * @param startedNanos a time before its start, in terms of {@link System#nanoTime()}
     */
    static ProcessTree of(Process root, String mark, long startedNanos) {
        // Not root.destroyForcibly(), which also closes streams from which another thread may still read.
        return new ProcessTree(root, () -> root.toHandle().destroyForcibly(), root.pid(), mark, startedNanos);
    }

    /**
     * {@return the processes of a command that a shell has started in the session of the shell}
     *
     * @param root the process
     * @param mark the mark in its environment
     * @param startedNanos a time before its start, in terms of {@link System#nanoTime()}
     */
    static ProcessTree of(ShellProcess root, String mark, long startedNanos) {
        return new ProcessTree(root, root::destroyForcibly, root.shell().pid(), mark, startedNanos);
    }

    private void addSession(long session) {
        sessions.add(session);
        SESSIONS.put(session, this);
    }

    /**
     * Kills all processes of several commands, and repeats this until none is left, for 5 s at most. Logs a warning if
     * processes remain. Calling it once for several commands is cheaper, since one search serves all of them.
     *
     * @param trees the commands
     */
    static void end(Collection<ProcessTree> trees) {
        if (!HAS_PROC) {
            trees.forEach(ProcessTree::endDescendants);
        } else {
            endAll(trees);
        }
        for (ProcessTree tree : trees) {
            tree.sessions.forEach(session -> SESSIONS.remove(session, tree));
            ROOTS.remove(tree.pid, tree);
        }
    }

    /**
     * {@return whether a process is the root process of a command, so that it belongs to no other}
     *
     * @param pid the process id
     */
    static boolean isRoot(long pid) {
        ProcessTree tree = ROOTS.get(pid);
        return tree != null && tree.root.isAlive();
    }

    private static void endAll(Collection<ProcessTree> trees) {
        List<ProcessTree> left =
                trees.stream().filter(tree -> !tree.hasCertainlyEnded()).toList();
        long deadline = System.nanoTime() + KILL_TIMEOUT.toNanos();
        for (long pause = 100_000; !left.isEmpty() && !killOnce(left); pause = Math.min(2 * pause, 10_000_000)) {
            if (System.nanoTime() > deadline) {
                LOG.warn("could not kill all processes of {} within {}", left, KILL_TIMEOUT);
                return;
            }
            // Polled, since the kernel does not report the end of processes that are not children.
            LockSupport.parkNanos(pause);
        }
    }

    /**
     * {@return whether the root process has ended and no process has been started on this machine since its start} This
     * is the usual case for a simple command, and then no search is needed.
     */
    private boolean hasCertainlyEnded() {
        return !root.isAlive() && !pidsMayBeReused() && Proc.lastPid() == pid;
    }

    /** {@return whether descendants may have lower process ids, because the kernel may have reused ids} */
    private boolean pidsMayBeReused() {
        return System.nanoTime() - startedNanos > PID_REUSE_TIME.toNanos();
    }

    /** {@return the process id of the root process} */
    long pid() {
        return pid;
    }

    /**
     * {@return whether an environment contains the mark of this command}
     *
     * @param environment the initial environment of a process
     */
    boolean hasMarkIn(String environment) {
        return environment.contains(mark);
    }

    /**
     * {@return whether a process is in a session of this command}
     *
     * @param process the process
     */
    boolean hasSessionOf(Stat process) {
        // A shell that has started the command leads the session, but does not belong to the command.
        return sessions.contains(process.session()) && process.pid() != leader;
    }

    /**
     * Adds a process. If it leads a session, all processes in that session belong to the command from now on.
     *
     * @param process the process
     */
    void add(Stat process) {
        if (process.session() == process.pid()) {
            addSession(process.pid());
        }
    }

    /** Removes the session of the root process, after its id was assigned to an unrelated process. */
    void forgetPid() {
        sessions.remove(pid);
        SESSIONS.remove(pid, this);
    }

    /** Searches once and kills the processes found. Returns whether there were none. */
    private static boolean killOnce(List<ProcessTree> trees) {
        Set<ProcessTree> alive =
                trees.stream().filter(tree -> tree.root.isAlive()).collect(Collectors.toSet());
        Collection<Stat> found =
                new ProcessSearch(trees, alive, trees.stream().anyMatch(ProcessTree::pidsMayBeReused)).run();
        alive.forEach(tree -> tree.killRoot.run());
        found.forEach(ProcessTree::kill);
        return found.isEmpty() && alive.isEmpty();
    }

    /** Kills a process, unless its id has been assigned to another process since. */
    private static void kill(Stat stat) {
        ProcessHandle.of(stat.pid()).ifPresent(handle -> {
            // A handle keeps the start time and kills no other process. So only the handle itself has to be checked.
            Stat now = Proc.stat(stat.pid());
            if (now != null && now.started() == stat.started()) {
                handle.destroyForcibly();
            }
        });
    }

    /** Kills the descendants that the JDK finds; used without {@code /proc}. */
    private void endDescendants() {
        List<ProcessHandle> descendants = root.descendants().toList();
        killRoot.run();
        descendants.forEach(ProcessHandle::destroyForcibly);
    }

    /**
     * {@return whether a process certainly belongs to no command of this program, now and in future}
     *
     * @param process the process
     * @param environment its initial environment
     */
    static boolean isUnrelated(Stat process, String environment) {
        return !environment.contains(PROGRAM) && !SESSIONS.containsKey(process.session());
    }

    @Override
    public String toString() {
        return "pid " + pid;
    }
}
