package org.atex.local;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What Linux says about processes. Each answer may be outdated when it arrives; a process that is gone has none. Plain
 * streams, as these files are tiny and read thousands of times.
 */
final class Proc {
    private static final File ROOT = new File("/proc");

    /** Are told of each file that is read, by which tests see what an operation costs. There are none otherwise. */
    static final List<Consumer<String>> READERS = new CopyOnWriteArrayList<>();

    /** How much to read at once: what the JVM does without a detour. */
    private static final int PIECE = 8192;

    /** Up to how many numbers it is cheaper to try than to list all processes. */
    private static final long FEW = 256;

    /** How often to look for variables of a process that seems to have none: some of them really have none. */
    private static final int LOOKS = 10;

    /** How often to read a list of children until it stays the same. */
    private static final int LOOKS_AT_CHILDREN = 20;

    private static final long BETWEEN_LOOKS_NANOS = 1_000_000;

    /** The flag of processes that are threads of the kernel: {@code PF_KTHREAD} in its sources. */
    private static final long KERNEL_THREAD = 0x00200000;

    private Proc() {}

    /**
     * One process.
     *
     * @param pid its number
     * @param dead whether it only waits for its parent to notice
     * @param parent its parent's number
     * @param session the number of its session's leader
     * @param flags the kernel's flags of it
     * @param threads how many threads it has
     * @param started when, in the kernel's own count: with the number, what makes it unique
     */
    record Stat(long pid, boolean dead, long parent, long session, long flags, long threads, long started) {
        /** {@return whether it is alive, and no thread of the kernel's own} */
        boolean runsPrograms() {
            return !dead && (flags & KERNEL_THREAD) == 0;
        }
    }

    /** {@return whether this machine can be asked} */
    static boolean isThere() {
        return new File(ROOT, "self/environ").canRead() && lastPid() > 0;
    }

    /** {@return the number that was given to a process or thread last; 0 if nobody knows} */
    static long lastPid() {
        String load = read("loadavg");
        return load == null ? 0 : number(load.substring(load.lastIndexOf(' ') + 1));
    }

    /** {@return the number after which the kernel begins anew} */
    static long pidLimit() {
        String limit = read("sys/kernel/pid_max");
        return limit == null ? 0 : number(limit);
    }

    /**
     * {@return whether there is such a process or thread}
     *
     * @param pid its number
     */
    static boolean exists(long pid) {
        return new File(ROOT, Long.toString(pid)).exists();
    }

    /** {@return the numbers of all processes} */
    static List<Long> all() {
        List<Long> pids = new ArrayList<>();
        String[] names = ROOT.list();
        for (String name : names == null ? new String[0] : names) {
            if (Character.isDigit(name.charAt(0))) {
                pids.add(number(name));
            }
        }
        return pids;
    }

    /**
     * {@return whether it is cheap to look at each number between two}
     *
     * @param from the one
     * @param to the other; smaller than the first if the kernel began anew in between
     */
    static boolean areFew(long from, long to) {
        return to >= from && to - from <= FEW;
    }

    /**
     * {@return the numbers of processes that started after one and up to another}
     *
     * @param from the number after which they come
     * @param to the last of them; smaller than the first if the kernel began anew in between
     */
    static List<Long> between(long from, long to) {
        List<Long> pids = new ArrayList<>();
        if (areFew(from, to)) {
            for (long pid = from + 1; pid <= to; pid++) {
                if (exists(pid)) {
                    pids.add(pid);
                }
            }
            return pids;
        }
        for (long pid : all()) {
            boolean above = pid > from;
            boolean below = pid <= to;
            if (to > from ? above && below : above || below) {
                pids.add(pid);
            }
        }
        return pids;
    }

    /**
     * {@return what is known of a process, or null if it is gone}
     *
     * @param pid its number
     */
    static @Nullable Stat stat(long pid) {
        String line = read(pid + "/stat");
        if (line == null) {
            return null;
        }
        // The program's name comes second, in parentheses, and may hold anything.
        String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
        boolean dead = "ZX".contains(fields[0]);
        return new Stat(
                pid,
                dead,
                number(fields[1]),
                number(fields[3]),
                number(fields[6]),
                number(fields[17]),
                number(fields[19]));
    }

    /**
     * {@return the numbers of a process's children; empty if it is gone. While some of them end, others may be left out}
     *
     * @param process the process
     */
    static List<Long> children(Stat process) {
        List<Long> children = new ArrayList<>();
        String tasks = process.pid() + "/task";
        String[] threads =
                process.threads() == 1 ? new String[] {Long.toString(process.pid())} : new File(ROOT, tasks).list();
        for (String thread : threads == null ? new String[0] : threads) {
            children.addAll(numbers(read(tasks + "/" + thread + "/children")));
        }
        return children;
    }

    /** {@return whether the kernel lists children} */
    static boolean listsChildren() {
        String self = Long.toString(ProcessHandle.current().pid());
        return new File(ROOT, self + "/task/" + self + "/children").canRead();
    }

    /**
     * {@return the numbers of the processes that a process has for children because their parents died, and of others that it
     * started, in the order in which it got them; or null if that cannot be found out}
     *
     * @param process the process
     */
    static @Nullable List<Long> adopted(Stat process) {
        // The kernel gives orphans to the first thread.
        String file = process.pid() + "/task/" + process.pid() + "/children";
        String last = read(file);
        for (int looks = 0; looks < LOOKS_AT_CHILDREN && last != null; looks++) {
            // The list is exact only if no child ended while it was read. Then two readings differ.
            String again = read(file);
            if (last.equals(again)) {
                return numbers(again);
            }
            last = again;
        }
        return null;
    }

    private static List<Long> numbers(@Nullable String list) {
        List<Long> numbers = new ArrayList<>();
        StringTokenizer words = new StringTokenizer(list == null ? "" : list, " ");
        while (words.hasMoreTokens()) {
            numbers.add(number(words.nextToken()));
        }
        return numbers;
    }

    /**
     * {@return the variables that processes were started with, a NUL after each; empty for one that is gone or may not be asked}
     *
     * <p>While a process changes from one program to the next it seems to have none for a moment: so those that seem to have
     * none are looked at again, all together.
     *
     * @param pids their numbers
     */
    static Map<Long, String> environments(Collection<Long> pids) {
        Map<Long, String> environments = new HashMap<>();
        List<Long> left = new ArrayList<>(pids);
        for (int looks = 1; !left.isEmpty(); looks++) {
            List<Long> empty = new ArrayList<>();
            for (long pid : left) {
                String environment = read(pid + "/environ");
                environments.put(pid, environment == null ? "" : environment);
                if (environment != null && environment.isEmpty() && looks < LOOKS && runsPrograms(pid)) {
                    empty.add(pid);
                }
            }
            left = empty;
            if (!left.isEmpty()) {
                LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
            }
        }
        return environments;
    }

    private static boolean runsPrograms(long pid) {
        Stat stat = stat(pid);
        return stat != null && stat.runsPrograms();
    }

    private static @Nullable String read(String name) {
        byte[] buffer = new byte[PIECE];
        READERS.forEach(reader -> reader.accept(name));
        try (FileInputStream in = new FileInputStream(new File(ROOT, name))) {
            int filled = 0;
            while (true) {
                int n = in.read(buffer, filled, PIECE);
                filled += Math.max(n, 0);
                if (n <= 0 || n < PIECE && !name.endsWith("children")) { // the kernel gives less only at the end
                    return new String(buffer, 0, filled, StandardCharsets.ISO_8859_1);
                }
                if (buffer.length - filled < PIECE) {
                    buffer = Arrays.copyOf(buffer, 2 * buffer.length);
                }
            }
        } catch (IOException e) {
            return null; // gone, or somebody else's
        }
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
