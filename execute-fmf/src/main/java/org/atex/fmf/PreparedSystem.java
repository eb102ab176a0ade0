package org.atex.fmf;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.ReportedResult;
import org.atex.api.SetupException;
import org.atex.support.LimitedCall;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A system with copies of the trees, prepared by the steps of the plan.
 *
 * <p>Thread safety: {@link #makeReady} and {@link #cleanUp} are called once each, by one thread at a time; slots may be
 * created by any thread.
 */
final class PreparedSystem {
    private static final Logger LOG = LoggerFactory.getLogger(PreparedSystem.class);
    private static final Duration REMOVAL_TIMEOUT = Duration.ofMinutes(1);

    /** Creates a symbolic link from the second argument to the first one. */
    private static final String LINK = """
            mkdir -p -- "${2%/*}" && ln -s -- "$1" "$2"
            """;

    private final Connection connection;
    private final FmfTests tests;
    private final FmfOptions options;
    private final SetUpLogs logs;
    private final Packages packages;
    private String root = "";
    private @Nullable PlanSteps steps;
    private @Nullable ReportedResult installed;

    PreparedSystem(Connection connection, FmfTests tests, FmfOptions options, SetUpLogs logs) {
        this.logs = logs;
        this.connection = connection;
        this.tests = tests;
        this.options = options;
        this.packages = new Packages(connection, FmfExecutor.mayChange(connection, options));
    }

    Packages packages() {
        return packages;
    }

    /** {@return a result with the versions of the packages under test, for each test; null if there are none} */
    @Nullable
    ReportedResult installed() {
        return installed;
    }

    /**
     * Copies the trees and runs the prepare steps. If that fails, it runs the finish steps and removes everything.
     *
     * @return the first slot, which is created together with the root
     */
    SystemDirectories.Created makeReady(TreePacks packs) throws InterruptedException {
        boolean ready = false;
        try {
            SystemDirectories.Created first = copyTrees(packs);
            prepareOrFinish();
            ready = true;
            return first;
        } finally {
            if (!ready) {
                UninterruptibleSection.run(this::remove);
            }
        }
    }

    private SystemDirectories.Created copyTrees(TreePacks packs) throws InterruptedException {
        return limited("copying the trees to " + connection, options.uploadWithin(), "withUploadWithin", () -> {
            SystemDirectories.Created created = SystemDirectories.create(connection, "");
            // Set the root before the upload: if that fails, remove() deletes the partial copy.
            root = created.directories().root();
            upload(packs);
            return created;
        });
    }

    private static <T> T limited(String task, Duration within, String option, Callable<T> call)
            throws InterruptedException {
        try {
            return LimitedCall.of("atex-set-up", within, call).orElseThrow();
        } catch (LimitedCall.NotInTimeException e) {
            throw new SetupException(task + " " + e.getMessage() + " (FmfOptions." + option + " sets the limit)", e);
        } catch (LimitedCall.Failure e) {
            if (e.thrown() instanceof RuntimeException thrown) {
                throw thrown;
            }
            if (e.thrown() instanceof Error thrown) {
                throw thrown;
            }
            throw new SetupException(task + " failed: " + e.describe(), e.thrown());
        }
    }

    /** Uploads the trees. A library in a directory that was uploaded before, as part of the tests, is linked. */
    private void upload(TreePacks packs) throws InterruptedException {
        Map<Path, String> uploaded = new HashMap<>();
        for (FmfSource source : tests.sources()) {
            String target = root + "/" + source.place();
            String existing = source.place().startsWith("libs/") ? uploaded.get(source.directory()) : null;
            if (existing == null) {
                packs.send(source.directory(), connection, target);
                uploaded.put(source.directory(), target);
            } else {
                connection.run(Command.bash(LINK, existing, target)).orThrow();
            }
        }
    }

    /** Creates a further slot. {@return the slot} */
    SystemDirectories.Created createSlot() throws InterruptedException {
        return limited(
                "making a directory for a test on " + connection,
                options.uploadWithin(),
                "withUploadWithin",
                () -> SystemDirectories.create(connection, root));
    }

    /** Runs the prepare steps; if one fails, the finish steps, as they undo the parts that were done. */
    private void prepareOrFinish() throws InterruptedException {
        SystemDirectories directories = new SystemDirectories(root, root);
        packages.relativeTo(directories.tree());
        PlanSteps planned = new PlanSteps(connection, tests.plan(), options, packages, logs, directories);
        boolean prepared = false;
        steps = planned;
        try {
            planned.prepare();
            installed = InstalledPackages.of(connection, tests.plan(), options.recordedPackages(), directories.tree())
                    .orElse(null);
            prepared = true;
        } finally {
            if (!prepared) {
                UninterruptibleSection.run(this::finish);
            }
        }
    }

    /**
     * Runs the finish steps if the system responds, and removes all files. Never throws; restores a pending interrupt.
     */
    void cleanUp() {
        UninterruptibleSection.run(() -> {
            try {
                finish();
            } finally {
                remove();
            }
        });
    }

    /** Runs the finish steps, and only then kills the background processes of prepare scripts: finish may stop them. */
    private void finish() throws InterruptedException {
        if (steps != null) {
            steps.finish();
            steps.close();
        }
    }

    /**
     * Removes all files from the system if it still responds, after a download of those in {@code TMT_PLAN_DATA}. An
     * interrupt does not prevent it and is restored.
     */
    private void remove() throws InterruptedException {
        if (root.isEmpty()) {
            return;
        }
        SystemDirectories directories = new SystemDirectories(root, root);
        boolean hasData = !remove(directories.removalWithoutPlanDataCommand()).isEmpty();
        if (hasData) {
            keepPlanData(directories);
            var unused = remove(directories.removalCommand());
        }
    }

    /** {@return the output of the command; empty if it failed} */
    private String remove(Command removal) throws InterruptedException {
        try {
            return LimitedCall.of("atex-clean-up", REMOVAL_TIMEOUT, () -> connection.run(removal))
                    .map(CommandResult::stdout)
                    .orElse("");
        } catch (LimitedCall.NotInTimeException e) {
            LOG.debug("could not remove {} on {}: the removal {}", root, connection, e.getMessage());
        } catch (LimitedCall.Failure e) {
            if (!(e.thrown() instanceof AtexException || e.thrown() instanceof IllegalStateException)) {
                LOG.warn("could not remove {} on {}: {}", root, connection, e.describe());
            }
            LOG.debug("could not remove {} on {}, which does not respond: {}", root, connection, e.describe());
        }
        return "";
    }

    /** Downloads the files in {@code TMT_PLAN_DATA} to the directory with the logs of the scripts. */
    private void keepPlanData(SystemDirectories directories) throws InterruptedException {
        try {
            var unused = LimitedCall.of("atex-plan-data", options.finishWithin(), () -> {
                Path target = logs.directoryOf(connection, directories.suffix()).resolve("plan-data");
                connection.download(directories.planData(), target);
                return true;
            });
        } catch (LimitedCall.NotInTimeException e) {
            LOG.warn("could not download TMT_PLAN_DATA from {}: the download {}", connection, e.getMessage());
        } catch (LimitedCall.Failure e) {
            if (!(e.thrown() instanceof ConnectionLostException)) {
                LOG.warn("could not download TMT_PLAN_DATA from {}: {}", connection, e.describe());
            }
        }
    }
}
