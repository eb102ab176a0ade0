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
 * Reads process data from {@code /proc}, in the formats of proc(5). Each result may be outdated when it is returned,
 * since processes start and end at any time.
 *
 * <p>Uses plain unbuffered streams, since the files are tiny and one search reads thousands of them.
 *
 * <p>Thread safety: safe for use from any thread.
 */
final class Proc {
    private static final File ROOT = new File("/proc");

    /** Callbacks for the name of each file that is read, with which tests measure costs. Empty except in tests. */
    static final List<Consumer<String>> READERS = new CopyOnWriteArrayList<>();

    // The JVM reads up to this size into a buffer on the stack, without allocating memory.
    private static final int BLOCK_SIZE = 8192;

    // Up to this number of process ids, testing each is cheaper than listing all processes.
    private static final long SMALL_RANGE = 256;

    // The number of attempts to read the environment of a process that seems to have none. Some processes really have
    // none.
    private static final int ENVIRONMENT_ATTEMPTS = 10;

    // The number of attempts to read the same list of children twice in a row.
    private static final int CHILDREN_ATTEMPTS = 20;

    private static final long RETRY_INTERVAL_NANOS = 1_000_000;

    /** The flag {@code PF_KTHREAD} of kernel threads in {@code include/linux/sched.h}. */
    private static final long KERNEL_THREAD = 0x00200000;

    private Proc() {}

    /**
     * The status of a process, from {@code /proc/PID/stat}.
     *
     * @param pid the process id
     * @param dead whether it is a zombie: ended, but not yet reaped by its parent
     * @param parent the process id of its parent
     * @param session the process id of its session leader
     * @param flags the kernel flags
     * @param threads the number of its threads
     * @param started its start time in clock ticks since boot; together with the process id it identifies the process
     */
    record Stat(long pid, boolean dead, long parent, long session, long flags, long threads, long started) {
        /** {@return whether it is alive and not a kernel thread} */
        boolean isLiveUserProcess() {
            return !dead && (flags & KERNEL_THREAD) == 0;
        }
    }

    /** {@return whether {@code /proc} exists and can be read} */
    static boolean isAvailable() {
        return new File(ROOT, "self/environ").canRead() && lastPid() > 0;
    }

    /** {@return the process or thread id that the kernel assigned last; 0 if unknown} */
    static long lastPid() {
        String load = read("loadavg");
        return load == null ? 0 : number(load.substring(load.lastIndexOf(' ') + 1));
    }

    /** {@return the maximum process id, after which the kernel starts from low ids again; 0 if unknown} */
    static long pidLimit() {
        String limit = read("sys/kernel/pid_max");
        return limit == null ? 0 : number(limit);
    }

    /**
     * {@return whether a process or thread exists}
     *
     * @param pid its id
     */
    static boolean exists(long pid) {
        return new File(ROOT, Long.toString(pid)).exists();
    }

    /** {@return the ids of all processes} */
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
     * {@return whether a range of process ids is small enough to test each of them}
     *
     * @param from the start of the range
     * @param to the end of the range; less than the start if the kernel started from low ids again in between
     */
    static boolean isSmallRange(long from, long to) {
        return to >= from && to - from <= SMALL_RANGE;
    }

    /**
     * {@return the ids of existing processes in a range}
     *
     * @param from the start of the range, exclusive
     * @param to the end of the range, inclusive; less than the start if the kernel started from low ids again in
     *     between
     */
    static List<Long> between(long from, long to) {
        List<Long> pids = new ArrayList<>();
        if (isSmallRange(from, to)) {
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
     * {@return the status of a process, or null if it does not exist}
     *
     * @param pid the process id
     */
    static @Nullable Stat stat(long pid) {
        String line = read(pid + "/stat");
        if (line == null) {
            return null;
        }
        // The second field is the name of the program in parentheses, which may contain spaces and parentheses itself.
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
     * {@return the ids of the children of a process; empty if it does not exist} The list may be incomplete if a child
     * ends while it is read.
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

    /** {@return whether this kernel lists the children of processes} */
    static boolean listsChildren() {
        String self = Long.toString(ProcessHandle.current().pid());
        return new File(ROOT, self + "/task/" + self + "/children").canRead();
    }

    /**
     * {@return the ids of the children of the first thread of a process, in the order in which it got them; null if the
     * list cannot be determined} This includes all orphaned processes that the kernel has reparented to the process.
     *
     * @param process the process
     */
    static @Nullable List<Long> firstThreadChildren(Stat process) {
        // The kernel makes orphans children of the first thread.
        String file = process.pid() + "/task/" + process.pid() + "/children";
        String last = read(file);
        for (int attempt = 0; attempt < CHILDREN_ATTEMPTS && last != null; attempt++) {
            // The list is exact only if no child ended while it was read. If one ended, two reads in a row differ.
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
     * {@return the environment variables with which processes were started, each followed by NUL; empty for a process
     * that does not exist or belongs to another user}
     *
     * <p>A process has no environment for a moment during execve. Therefore empty environments are read again, all
     * together, up to 10 times at intervals of 1 ms.
     *
     * @param pids the process ids
     */
    static Map<Long, String> environments(Collection<Long> pids) {
        Map<Long, String> environments = new HashMap<>();
        List<Long> left = new ArrayList<>(pids);
        for (int attempt = 1; !left.isEmpty(); attempt++) {
            List<Long> empty = new ArrayList<>();
            for (long pid : left) {
                String environment = read(pid + "/environ");
                environments.put(pid, environment == null ? "" : environment);
                if (environment != null
                        && environment.isEmpty()
                        && attempt < ENVIRONMENT_ATTEMPTS
                        && isLiveUserProcess(pid)) {
                    empty.add(pid);
                }
            }
            left = empty;
            if (!left.isEmpty()) {
                LockSupport.parkNanos(RETRY_INTERVAL_NANOS);
            }
        }
        return environments;
    }

    private static boolean isLiveUserProcess(long pid) {
        Stat stat = stat(pid);
        return stat != null && stat.isLiveUserProcess();
    }

    private static @Nullable String read(String name) {
        byte[] buffer = new byte[BLOCK_SIZE];
        READERS.forEach(reader -> reader.accept(name));
        try (FileInputStream in = new FileInputStream(new File(ROOT, name))) {
            int filled = 0;
            while (true) {
                int n = in.read(buffer, filled, BLOCK_SIZE);
                filled += Math.max(n, 0);
                // A short read means the end of the file, except for lists of children.
                if (n <= 0 || n < BLOCK_SIZE && !name.endsWith("children")) {
                    return new String(buffer, 0, filled, StandardCharsets.ISO_8859_1);
                }
                if (buffer.length - filled < BLOCK_SIZE) {
                    buffer = Arrays.copyOf(buffer, 2 * buffer.length);
                }
            }
        } catch (IOException e) {
            return null; // the process does not exist, or belongs to another user
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
