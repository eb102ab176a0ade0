package org.atex.local;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.local.Proc.Stat;
import org.jspecify.annotations.Nullable;

/**
 * The orphaned processes of this machine that may belong to a command. When a parent ends, the kernel makes its
 * children children of a reaper: the nearest ancestor that is a subreaper, or process 1. It lists them there.
 *
 * <p>A machine may have thousands of orphans. Unrelated ones are remembered and not examined again, so that a search
 * costs few reads. The kernel appends to its lists. Hence, if a remembered process is still the same, the remembered
 * ones before it in the list are the same too, and only one check is needed.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class Orphans {
    /** For each reaper the ids of unrelated orphans, with their start times. Guarded by this. */
    private final Map<Long, Map<Long, Long>> unrelatedByReaper = new HashMap<>();

    private final long self = ProcessHandle.current().pid();
    private final @Nullable Stat program = Proc.stat(self);

    /**
     * An orphaned process.
     *
     * @param pid its process id
     * @param reaper the process id of its current parent
     */
    record Orphan(long pid, long reaper) {}

    /** {@return all orphans that are not known to be unrelated; null if they cannot be determined} */
    synchronized @Nullable List<Orphan> unknown() {
        List<Orphan> unknown = new ArrayList<>();
        for (Stat reaper : reapers()) {
            List<Long> children = Proc.firstThreadChildren(reaper);
            if (children == null) {
                return null;
            }
            Map<Long, Long> unrelated = unrelatedByReaper.computeIfAbsent(reaper.pid(), pid -> new HashMap<>());
            unrelated.keySet().retainAll(new HashSet<>(children));
            forgetReused(children, unrelated);
            for (long pid : children) {
                if (!unrelated.containsKey(pid) && pid != self) {
                    unknown.add(new Orphan(pid, reaper.pid()));
                }
            }
        }
        return unknown;
    }

    /** Removes remembered ids that the kernel has assigned to another process since. */
    private static void forgetReused(List<Long> children, Map<Long, Long> unrelated) {
        // From the end of the list to the first process that is still the same.
        for (long pid : children.reversed()) {
            Long started = unrelated.get(pid);
            if (started != null) {
                Stat now = Proc.stat(pid);
                if (now != null && now.started() == started) {
                    return;
                }
                unrelated.remove(pid);
            }
        }
    }

    /** {@return the processes that may get the orphans of this program's descendants: its ancestors and process 1} */
    private Collection<Stat> reapers() {
        Map<Long, Stat> reapers = new HashMap<>();
        Stat first = Proc.stat(1);
        if (first != null) {
            reapers.put(1L, first);
        }
        Stat next = Proc.stat(self);
        while (next != null && next.parent() > 0 && !reapers.containsKey(next.parent())) {
            next = Proc.stat(next.parent());
            if (next != null) {
                reapers.put(next.pid(), next);
            }
        }
        unrelatedByReaper.keySet().retainAll(reapers.keySet());
        return reapers.values();
    }

    /**
     * {@return the orphans that started after this program, so that they may belong to a command} Remembers the others
     * as unrelated.
     *
     * @param orphans the orphans
     */
    Set<Long> startedAfterProgram(List<Orphan> orphans) {
        Set<Long> younger = new LinkedHashSet<>();
        for (Orphan orphan : orphans) {
            Stat stat = Proc.stat(orphan.pid());
            if (stat != null && program != null && stat.started() < program.started()) {
                remember(orphan, stat);
            } else if (stat != null) {
                younger.add(orphan.pid());
            }
        }
        return younger;
    }

    /**
     * Remembers an unrelated orphan.
     *
     * @param orphan the orphan
     * @param now its status, read after the data that proved it unrelated
     */
    synchronized void remember(Orphan orphan, Stat now) {
        Map<Long, Long> unrelated = unrelatedByReaper.get(orphan.reaper());
        if (unrelated != null && now.parent() == orphan.reaper()) {
            unrelated.put(orphan.pid(), now.started());
        }
    }
}
