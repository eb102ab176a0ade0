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
 * The processes of this machine whose parents died, as far as they can be of a command. The kernel gives such processes to
 * one of the processes above this program, usually to process 1, and lists them there.
 *
 * <p>A machine may have thousands of them. Those that are found to be strangers are remembered and not looked at again, so
 * that a look costs a few reads however many there are. The kernel adds to the end of its list, hence everything before a
 * process that is still the same was there when that was looked at: only what comes after the last such process is new.
 *
 * <p>Thread safety: from any thread.
 */
final class Orphans {
    private final Map<Long, Map<Long, Long>> strangersOf = new HashMap<>();
    private final long self = ProcessHandle.current().pid();
    private final @Nullable Stat program = Proc.stat(self);

    /**
     * An orphan.
     *
     * @param pid its number
     * @param adopter the number of its parent now
     */
    record Orphan(long pid, long adopter) {}

    /** {@return all that are not known to be strangers; or null if they cannot be found out} */
    synchronized @Nullable List<Orphan> unknown() {
        List<Orphan> unknown = new ArrayList<>();
        for (Stat adopter : adopters()) {
            List<Long> adopted = Proc.adopted(adopter);
            if (adopted == null) {
                return null;
            }
            Map<Long, Long> strangers = strangersOf.computeIfAbsent(adopter.pid(), pid -> new HashMap<>());
            strangers.keySet().retainAll(new HashSet<>(adopted));
            forgetReused(adopted, strangers);
            for (long pid : adopted) {
                if (!strangers.containsKey(pid) && pid != self) {
                    unknown.add(new Orphan(pid, adopter.pid()));
                }
            }
        }
        return unknown;
    }

    /** From the end to the first that is the same process as it was. */
    private static void forgetReused(List<Long> adopted, Map<Long, Long> strangers) {
        for (long pid : adopted.reversed()) {
            Long started = strangers.get(pid);
            if (started != null) {
                Stat now = Proc.stat(pid);
                if (now != null && now.started() == started) {
                    return;
                }
                strangers.remove(pid);
            }
        }
    }

    /** All that may get the orphans of this program's descendants: each process above it, and the first one. */
    private Collection<Stat> adopters() {
        Map<Long, Stat> adopters = new HashMap<>();
        Stat first = Proc.stat(1);
        if (first != null) {
            adopters.put(1L, first);
        }
        Stat next = Proc.stat(self);
        while (next != null && next.parent() > 0 && !adopters.containsKey(next.parent())) {
            next = Proc.stat(next.parent());
            if (next != null) {
                adopters.put(next.pid(), next);
            }
        }
        strangersOf.keySet().retainAll(adopters.keySet());
        return adopters.values();
    }

    /**
     * {@return those of some orphans that may be of a command: they started after this program}
     *
     * @param orphans the orphans
     */
    Set<Long> younger(List<Orphan> orphans) {
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
     * Remembers a stranger.
     *
     * @param orphan the orphan
     * @param now what is known of it, read after what shows that it is a stranger
     */
    synchronized void remember(Orphan orphan, Stat now) {
        Map<Long, Long> strangers = strangersOf.get(orphan.adopter());
        if (strangers != null && now.parent() == orphan.adopter()) {
            strangers.put(orphan.pid(), now.started());
        }
    }
}
