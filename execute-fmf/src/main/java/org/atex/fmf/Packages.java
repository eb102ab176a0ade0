package org.atex.fmf;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Output;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that a system has packages, by whichever of dnf5, dnf, yum, apt-get, zypper and apk it has. What was
 * installed once is not asked for again.
 *
 * <p>Thread safety: from any thread; one installs at a time, as package managers insist on it.
 */
final class Packages {
    private static final Logger LOG = LoggerFactory.getLogger(Packages.class);
    private static final String MISSING = "atex-missing ";

    private final Connection connection;
    private final boolean allowed;
    private volatile String tree = "/";
    private final Set<String> settled = ConcurrentHashMap.newKeySet();
    private final ReentrantLock installing = new ReentrantLock();

    /**
     * Makes one that has seen to nothing.
     *
     * @param connection the system
     * @param allowed whether anything may be installed there
     */
    Packages(Connection connection, boolean allowed) {
        this.connection = connection;
        this.allowed = allowed;
    }

    /** Names the directory on the system that relative paths of packages are relative to. */
    void relativeTo(String directory) {
        tree = directory;
    }

    /** {@return whether that can be a package's name, and is no option of a package manager} */
    static boolean isName(String text) {
        return !text.isBlank() && !text.startsWith("-") && text.chars().noneMatch(Character::isISOControl);
    }

    /** {@return why the packages that a test requires cannot be had, or null; those it recommends need not} */
    @Nullable
    String whyMissing(FmfTest test, Duration within) throws InterruptedException {
        String why = install("require", test.requires(), List.of(), within, null);
        if (why != null) {
            return "it requires packages that " + why;
        }
        String recommended = install("recommend", test.recommends(), List.of(), within, null);
        if (recommended != null) {
            LOG.info("{} goes on without packages that it recommends, which {}", test.name(), recommended);
        }
        return null;
    }

    /** {@return why what a plan installs cannot be had, or null} */
    @Nullable
    String whyMissing(Phase.Install phase, Duration within, SetUpLogs.Log log) throws InterruptedException {
        List<String> more = new ArrayList<>();
        phase.directories().forEach(text -> more.add("directory=" + text));
        phase.coprs().forEach(text -> more.add("copr=" + text));
        phase.excludes().forEach(text -> more.add("exclude=" + text));
        if (!phase.checkFirst()) {
            more.add("again=yes");
        }
        return install(phase.optional() ? "recommend" : "require", phase.packages(), more, within, log);
    }

    /** {@return why packages cannot be had, or null} */
    @Nullable
    String whyMissing(List<String> names, Duration within, SetUpLogs.Log log) throws InterruptedException {
        return install("require", names, List.of(), within, log);
    }

    private @Nullable String install(
            String kind, List<String> names, List<String> more, Duration within, SetUpLogs.@Nullable Log log)
            throws InterruptedException {
        List<String> wanted = new ArrayList<>(names);
        if (more.isEmpty()) {
            wanted.removeAll(settled);
        }
        if (wanted.isEmpty() && more.isEmpty()) {
            return null;
        }
        for (String name : wanted) {
            if (!isName(name)) {
                return "cannot be installed: '" + name + "' is no name of a package";
            }
        }
        long deadline = System.nanoTime() + within.toNanos();
        if (!installing.tryLock(within.toNanos(), TimeUnit.NANOSECONDS)) {
            return "cannot be installed: another installation on the system did not end within "
                    + Durations.words(within);
        }
        try {
            if (more.isEmpty()) {
                wanted.removeAll(settled);
                if (wanted.isEmpty()) {
                    return null;
                }
            }
            return installNow(kind, wanted, more, Duration.ofNanos(deadline - System.nanoTime()), log);
        } finally {
            installing.unlock();
        }
    }

    private @Nullable String installNow(
            String kind, List<String> wanted, List<String> more, Duration within, SetUpLogs.@Nullable Log log)
            throws InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(allowed ? kind : "look", tree));
        wanted.forEach(name -> arguments.add("package=" + name));
        arguments.addAll(more);
        ScriptRun run = ScriptRun.of(
                connection,
                Command.bash(Scripts.INSTALL.text(), arguments.toArray(String[]::new))
                        .withStderr(Output.merge()),
                within,
                log);
        if (run.succeeded()) {
            settled.addAll(wanted);
            return null;
        }
        if (!allowed) {
            return "are not installed: " + which(run, wanted) + "; nothing is installed here, as "
                    + FmfExecutor.THIS_MACHINE;
        }
        return "cannot be installed: " + which(run, wanted) + "; the installation " + run.describe();
    }

    private static String which(ScriptRun run, List<String> wanted) {
        return run.output()
                .lines()
                .filter(line -> line.startsWith(MISSING))
                .map(line -> line.substring(MISSING.length()))
                .findFirst()
                .orElse(String.join(" ", wanted));
    }
}
