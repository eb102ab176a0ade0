package org.atex.local;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What Linux says about processes. Each answer may be outdated when it arrives; a process that is gone has none. Plain
 * streams, as these files are tiny and read thousands of times.
 */
final class Proc {
    private static final File ROOT = new File("/proc");

    /** How much to read at once: what the JVM does without a detour. */
    private static final int PIECE = 8192;

    /** Up to how many numbers it is cheaper to try than to list all processes. */
    private static final long FEW = 256;

    /** How often to look for variables of a process that seems to have none: some of them really have none. */
    private static final int LOOKS = 10;

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
     * @param started when, in the kernel's own count: with the number, what makes it unique
     */
    record Stat(long pid, boolean dead, long parent, long session, String started) {}

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
     * {@return the numbers of processes that started after one and up to another}
     *
     * @param from the number after which they come
     * @param to the last of them; smaller than the first if the kernel began anew in between
     */
    static List<Long> between(long from, long to) {
        List<Long> pids = new ArrayList<>();
        if (to >= from && to - from <= FEW) {
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
        return new Stat(pid, dead, number(fields[1]), number(fields[3]), fields[19]);
    }

    /**
     * {@return the variables that a process was started with, a NUL after each; empty if it is gone or may not be asked}
     *
     * <p>While a process changes from one program to the next it seems to have none for a moment: so one that seems to have
     * none is looked at again.
     *
     * @param pid its number
     */
    static String environment(long pid) {
        for (int looks = 1; ; looks++) {
            String environment = read(pid + "/environ");
            if (environment == null) {
                return "";
            }
            if (!environment.isEmpty() || looks == LOOKS || !runsPrograms(pid)) {
                return environment;
            }
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
        }
    }

    /** {@return whether it is alive, and no thread of the kernel's own} */
    private static boolean runsPrograms(long pid) {
        String line = read(pid + "/stat");
        if (line == null) {
            return false;
        }
        String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
        return !"ZX".contains(fields[0]) && (number(fields[6]) & KERNEL_THREAD) == 0;
    }

    private static @Nullable String read(String name) {
        byte[] buffer = new byte[PIECE];
        try (FileInputStream in = new FileInputStream(new File(ROOT, name))) {
            int filled = 0;
            while (true) {
                int n = in.read(buffer, filled, PIECE);
                filled += Math.max(n, 0);
                if (n < PIECE) { // the kernel gives less than it is asked for only at the end
                    return new String(buffer, 0, filled, StandardCharsets.ISO_8859_1);
                }
                buffer = Arrays.copyOf(buffer, 2 * buffer.length);
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
