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
import org.atex.support.Durations;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Installs packages on a system by its package manager: dnf5, dnf, yum, apt-get, zypper or apk. Packages that were
 * installed once are not requested again.
 *
 * <p>Thread-safe. One thread installs at a time, as package managers lock their database.
 */
final class Packages {
    private static final Logger LOG = LoggerFactory.getLogger(Packages.class);
    private static final String MISSING = "atex-missing ";

    private final Connection connection;
    private final boolean changesAllowed;
    // Set by the thread that prepares the system, read by the threads of its slots.
    private volatile String directory = "/";
    private final Set<String> installed = ConcurrentHashMap.newKeySet();
    private final ReentrantLock installing = new ReentrantLock();

    /**
     * Creates an object that has installed nothing yet.
     *
     * @param connection a connection to the system
     * @param changesAllowed whether packages may be installed; otherwise they are only looked up
     */
    Packages(Connection connection, boolean changesAllowed) {
        this.connection = connection;
        this.changesAllowed = changesAllowed;
    }

    /** Sets the directory on the system for relative paths of packages. */
    void relativeTo(String value) {
        directory = value;
    }

    /**
     * {@return whether a text can be the name of a package} A leading dash would be an option of the package manager.
     */
    static boolean isName(String text) {
        return !text.isBlank() && !text.startsWith("-") && text.chars().noneMatch(Character::isISOControl);
    }

    /**
     * {@return the reason why the required packages of a test are not available, or null} Recommended packages may be
     * missing.
     */
    @Nullable
    String whyMissing(FmfTest test, Duration timeLimit) throws InterruptedException {
        String why = install("require", test.requires(), List.of(), timeLimit, null);
        if (why != null) {
            return "it requires packages that " + why;
        }
        String recommended = install("recommend", test.recommends(), List.of(), timeLimit, null);
        if (recommended != null) {
            LOG.info("{} runs without recommended packages, which {}", test.name(), recommended);
        }
        return null;
    }

    /** {@return the reason why the packages of a phase are not available, or null} */
    @Nullable
    String whyMissing(Phase.Install phase, Duration timeLimit, SetUpLogs.Log log) throws InterruptedException {
        List<String> options = new ArrayList<>();
        phase.directories().forEach(text -> options.add("directory=" + text));
        phase.coprs().forEach(text -> options.add("copr=" + text));
        phase.excludes().forEach(text -> options.add("exclude=" + text));
        if (!phase.checkFirst()) {
            options.add("again=yes");
        }
        return install(phase.optional() ? "recommend" : "require", phase.packages(), options, timeLimit, log);
    }

    /** {@return the reason why packages are not available, or null} */
    @Nullable
    String whyMissing(List<String> names, Duration timeLimit, SetUpLogs.Log log) throws InterruptedException {
        return install("require", names, List.of(), timeLimit, log);
    }

    private @Nullable String install(
            String kind, List<String> names, List<String> options, Duration timeLimit, SetUpLogs.@Nullable Log log)
            throws InterruptedException {
        List<String> requested = new ArrayList<>(names);
        if (options.isEmpty()) {
            requested.removeAll(installed);
        }
        if (requested.isEmpty() && options.isEmpty()) {
            return null;
        }
        for (String name : requested) {
            if (!isName(name)) {
                return "cannot be installed: '" + name + "' is not the name of a package";
            }
        }
        long deadline = System.nanoTime() + timeLimit.toNanos();
        if (!installing.tryLock(timeLimit.toNanos(), TimeUnit.NANOSECONDS)) {
            return "cannot be installed: another installation on the system did not end within "
                    + Durations.words(timeLimit);
        }
        try {
            // Another thread may have installed them while this one waited.
            if (options.isEmpty()) {
                requested.removeAll(installed);
                if (requested.isEmpty()) {
                    return null;
                }
            }
            return installNow(kind, requested, options, Duration.ofNanos(deadline - System.nanoTime()), log);
        } finally {
            installing.unlock();
        }
    }

    private @Nullable String installNow(
            String kind, List<String> requested, List<String> options, Duration timeLimit, SetUpLogs.@Nullable Log log)
            throws InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(changesAllowed ? kind : "look", directory));
        requested.forEach(name -> arguments.add("package=" + name));
        arguments.addAll(options);
        ScriptRun run = ScriptRun.of(
                connection,
                Command.bash(Scripts.INSTALL.text(), arguments.toArray(String[]::new))
                        .withStderr(Output.merge()),
                timeLimit,
                log);
        if (run.succeeded()) {
            installed.addAll(requested);
            return null;
        }
        if (!changesAllowed) {
            return "are not installed: " + missingNames(run, requested) + "; nothing is installed here, as "
                    + FmfExecutor.THIS_MACHINE;
        }
        return "cannot be installed: " + missingNames(run, requested) + "; the installation " + run.describe();
    }

    /** {@return the missing packages that the script printed; all requested ones if it printed none} */
    private static String missingNames(ScriptRun run, List<String> requested) {
        return run.output()
                .lines()
                .filter(line -> line.startsWith(MISSING))
                .map(line -> line.substring(MISSING.length()))
                .findFirst()
                .orElse(String.join(" ", requested));
    }
}
