package org.atex.fmf;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.ReportedResult;
import org.atex.api.SetupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A system with copies of the trees, prepared as the plan says. One thread makes it ready, one cleans it up; slots may be
 * made from any thread.
 */
final class PreparedSystem {
    private static final Logger LOG = LoggerFactory.getLogger(PreparedSystem.class);
    private static final Duration REMOVAL = Duration.ofMinutes(1);

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

    /** {@return which packages under test it has, for the results of each test; null if there are none} */
    @Nullable
    ReportedResult installed() {
        return installed;
    }

    /**
     * Makes the system ready; if that fails, cleans it up.
     *
     * @return the first slot, which is made together with the place
     */
    Place.Made makeReady(TreePacks packs) throws InterruptedException {
        boolean ready = false;
        try {
            Place.Made first = copyTrees(packs);
            prepareOrFinish();
            ready = true;
            return first;
        } finally {
            if (!ready) {
                remove();
            }
        }
    }

    private Place.Made copyTrees(TreePacks packs) throws InterruptedException {
        return limited("copying the trees to " + connection, options.uploadWithin(), "withUploadWithin", () -> {
            Place.Made made = Place.make(connection, "");
            root = made.place().root();
            upload(packs);
            return made;
        });
    }

    private static <T> T limited(String what, Duration within, String option, Callable<T> call)
            throws InterruptedException {
        try {
            return LimitedCall.of("atex-set-up", within, call).orElseThrow();
        } catch (LimitedCall.NotInTimeException e) {
            throw new SetupException(what + " " + e.getMessage() + " (FmfOptions." + option + " sets the limit)", e);
        } catch (LimitedCall.Failure e) {
            if (e.thrown() instanceof RuntimeException thrown) {
                throw thrown;
            }
            if (e.thrown() instanceof Error thrown) {
                throw thrown;
            }
            throw new SetupException(what + " failed: " + e.words(), e.thrown());
        }
    }

    /** A library that is part of a tree of tests is there already. */
    private void upload(TreePacks packs) throws InterruptedException {
        Map<Path, String> uploaded = new HashMap<>();
        for (FmfSource source : tests.sources()) {
            String target = root + "/" + source.place();
            String there = source.place().startsWith("libs/") ? uploaded.get(source.directory()) : null;
            if (there == null) {
                packs.send(source.directory(), connection, target);
                uploaded.put(source.directory(), target);
            } else {
                connection.run(Command.bash(LINK, there, target)).orThrow();
            }
        }
    }

    /** {@return another slot} */
    Place.Made slot() throws InterruptedException {
        return limited(
                "making a directory for a test on " + connection,
                options.uploadWithin(),
                "withUploadWithin",
                () -> Place.make(connection, root));
    }

    /** A prepare step that failed may have done half of what the finish scripts undo. */
    private void prepareOrFinish() throws InterruptedException {
        Place place = new Place(root, root);
        packages.relativeTo(place.tree());
        PlanSteps planned = new PlanSteps(connection, tests.plan(), options, packages, logs, place);
        boolean prepared = false;
        steps = planned;
        try {
            planned.prepare();
            installed = InstalledPackages.of(connection, tests.plan(), options.recordedPackages(), place.tree())
                    .orElse(null);
            prepared = true;
        } finally {
            if (!prepared) {
                finish();
            }
        }
    }

    /** Runs the finish scripts, as far as the system answers, and removes all. An interrupt that is pending is kept. */
    void cleanUp() {
        boolean interrupted = Thread.interrupted();
        try {
            finish();
        } finally {
            remove();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What prepare scripts left running may be what finish scripts end in their own way. */
    private void finish() {
        if (steps != null) {
            steps.finish();
            steps.close();
        }
        keepPlanData();
    }

    /** What scripts and tests left in TMT_PLAN_DATA is kept beside the output of the scripts. */
    private void keepPlanData() {
        boolean interrupted = Thread.interrupted();
        Place place = new Place(root, root);
        String data = place.planData();
        try {
            var unused = LimitedCall.of("atex-plan-data", options.finishWithin(), () -> {
                boolean any = connection
                        .run(Command.bash(
                                "cd -- \"$1\" && shopt -s nullglob dotglob && all=(*) && ((${#all[@]}))", data))
                        .succeeded();
                if (any) {
                    connection.download(
                            data, logs.directoryOf(connection, place.number()).resolve("plan-data"));
                }
                return any;
            });
        } catch (LimitedCall.NotInTimeException e) {
            LOG.warn("what is in TMT_PLAN_DATA on {} is not kept: fetching it {}", connection, e.getMessage());
        } catch (LimitedCall.Failure e) {
            if (!(e.thrown() instanceof ConnectionLostException)) {
                LOG.warn("what is in TMT_PLAN_DATA on {} is not kept: {}", connection, e.words());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Removes the place, if the system still answers, in spite of interrupts. */
    private void remove() {
        if (root.isEmpty()) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        Command removal = new Place(root, root).removal();
        try {
            var unused = LimitedCall.of("atex-clean-up", REMOVAL, () -> connection.run(removal));
        } catch (LimitedCall.NotInTimeException e) {
            LOG.debug("something stays on {}: its removal {}", connection, e.getMessage());
        } catch (LimitedCall.Failure e) {
            if (!(e.thrown() instanceof AtexException || e.thrown() instanceof IllegalStateException)) {
                LOG.warn("something stays on {}: {}", connection, e.words());
            }
            LOG.debug("something stays on {}, which does not answer: {}", connection, e.words());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
