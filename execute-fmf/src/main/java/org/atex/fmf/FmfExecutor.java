package org.atex.fmf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Output;
import org.atex.api.SetupException;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs fmf tests on one system: copies their trees and libraries there, runs the plan's {@code prepare} scripts, then any number of
 * tests, and the {@code finish} scripts when it is closed. All it asks of a system is bash and coreutils.
 *
 * <p>See {@link Executor} for lifecycle and thread safety.
 */
public final class FmfExecutor implements Executor {
    private static final Logger LOG = LoggerFactory.getLogger(FmfExecutor.class);
    private static final List<String> HELPERS = List.of(
            "tmt-reboot",
            "rhts-reboot",
            "rstrnt-reboot",
            "tmt-report-result",
            "rhts-report-result",
            "rstrnt-report-result",
            "tmt-file-submit",
            "rhts-submit-log",
            "rstrnt-report-log",
            "tmt-abort",
            "rhts-abort",
            "rstrnt-abort");
    /** A function for scripts, which also ends whatever still runs detached there. */
    static final String REMOVE_PLACE = """
            remove_place() {
                for run in "$1"/run.*/; do
                    if [[ -p $run/words ]] && read -r keeper <"$run/keeper" && kill -0 "$keeper"; then
                        printf 'x\\n' 1<>"$run/words"
                        for ((try = 0; try < 300; try++)); do kill -0 "$keeper" || break; sleep 0.02; done
                    fi
                done 2>/dev/null
                if [[ -r $1/cgroup ]] && IFS= read -r cgroup <"$1/cgroup"; then
                    # The dead may still have to be buried.
                    for ((try = 0; try < 50; try++)); do rmdir -- "$cgroup" && break || sleep 0.02; done 2>/dev/null
                fi
                rm -rf -- "$1"
            }
            """;

    private static final String MAKE_PLACE = REMOVE_PLACE + """
            set -e
            place=$(mktemp -d /var/tmp/atex.XXXXXXXXXX)
            : >"$place/plan-environment"
            mkdir "$place/bin"
            printf %s "$1" >"$place/bin/helper"
            chmod +x "$place/bin/helper"
            shift
            for name; do ln "$place/bin/helper" "$place/bin/$name"; done
            printf '%s\\n' "$place"
            set +e
            # What a lost connection left there, nobody comes back for; a test runs for less than two weeks.
            all=(/var/tmp/atex.??????????)
            if ((${#all[@]} > 1)) && touch -d '14 days ago' "$place/age"; then
                for old in "${all[@]}"; do
                    [[ -d $old && -O $old && ! -L $old && $old -ot $place/age && ! $old/worst -nt $place/age ]] &&
                        remove_place "$old"
                done
                rm -- "$place/age"
            fi >/dev/null 2>&1
            """ + Boot.SCRIPT;

    private static final String LINK = """
            mkdir -p -- "${2%/*}" && ln -s -- "$1" "$2"
            """;

    private final Connection connection;
    private final FmfTests tests;
    private final FmfOptions options;
    private final Packages packages;
    private final Place place;
    private final Reboot reboot;
    private boolean closed;

    private FmfExecutor(Connection connection, FmfTests tests, FmfOptions options, Place place, Boot boot) {
        this.connection = connection;
        this.tests = tests;
        this.options = options;
        this.place = place;
        this.packages = new Packages(connection);
        this.reboot = new Reboot(connection, boot);
    }

    /**
     * {@return what makes executors of these tests}
     *
     * @param tests what will be run, with their trees and plan
     */
    public static Executor.Factory factory(FmfTests tests) {
        return factory(tests, FmfOptions.defaults());
    }

    /**
     * {@return what makes executors of these tests}
     *
     * @param tests what will be run, with their trees and plan
     * @param environment variables for every script and test, which win over those of plan and tests
     */
    public static Executor.Factory factory(FmfTests tests, Map<String, String> environment) {
        return factory(tests, FmfOptions.defaults().withEnvironment(environment));
    }

    /**
     * {@return what makes executors of these tests} It packs the trees when the first executor is opened, and keeps them
     * packed for the others.
     *
     * @param tests what will be run, with their trees and plan
     * @param options how
     */
    public static Executor.Factory factory(FmfTests tests, FmfOptions options) {
        TreePacks packs = new TreePacks(options.excludes(), options.keptTrees());
        return connection -> open(connection, tests, options, packs);
    }

    @SuppressWarnings("try") // closed here only if it cannot be handed out
    private static FmfExecutor open(Connection connection, FmfTests tests, FmfOptions options, TreePacks packs)
            throws InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(Scripts.HELPER.text()));
        arguments.addAll(HELPERS);
        String[] answer = connection
                .run(Command.bash(MAKE_PLACE, arguments.toArray(String[]::new)))
                .orThrow()
                .stdout()
                .split("\n", 2);
        FmfExecutor executor = new FmfExecutor(
                connection, tests, options, new Place(answer[0]), new Boot(answer.length > 1 ? answer[1] : ""));
        boolean ready = false;
        try {
            executor.upload(packs);
            executor.prepareOrFinish();
            ready = true;
            return executor;
        } finally {
            if (!ready) {
                executor.removePlace();
                executor.closed = true;
            }
        }
    }

    /** A library that is part of a tree of tests is there already. */
    private void upload(TreePacks packs) throws InterruptedException {
        Map<Path, String> uploaded = new HashMap<>();
        for (FmfSource source : tests.sources()) {
            String target = place.root() + "/" + source.place();
            String there = source.place().startsWith("libs/") ? uploaded.get(source.directory()) : null;
            if (there == null) {
                packs.send(source.directory(), connection, target);
                uploaded.put(source.directory(), target);
            } else {
                connection.run(Command.bash(LINK, there, target)).orThrow();
            }
        }
    }

    /** A prepare step that failed may have done half of what the finish scripts undo. */
    private void prepareOrFinish() throws InterruptedException {
        boolean prepared = false;
        try {
            prepare();
            prepared = true;
        } finally {
            if (!prepared) {
                finish();
            }
        }
    }

    private void prepare() throws InterruptedException {
        long deadline = System.nanoTime() + options.setUpWithin().toNanos();
        int number = 0;
        for (PrepareStep step : tests.plan().prepare()) {
            number++;
            Duration left = Duration.ofNanos(deadline - System.nanoTime());
            String problem = switch (step) {
                case PrepareStep.Script script -> run(script, left);
                case PrepareStep.Install install -> packages.whyMissing(install.packages(), left);
            };
            if (problem != null) {
                String what =
                        step instanceof PrepareStep.Script ? "the prepare script " : "packages of the prepare step ";
                throw new SetupException(what + number + " of " + tests.plan().name() + " " + problem, null);
            }
        }
    }

    private @Nullable String run(PrepareStep.Script script, Duration within) throws InterruptedException {
        ScriptRun run = ScriptRun.of(connection, script(script.text()), within);
        return run.succeeded() ? null : run.describe();
    }

    private Command script(String text) {
        Map<String, String> all = new LinkedHashMap<>(tests.plan().environment());
        all.put("TMT_PLAN_ENVIRONMENT_FILE", place.planEnvironment());
        all.put("TMT_TREE", place.tree());
        all.putAll(options.environment());
        return Command.bash("set -e\n" + text)
                .withDirectory(place.tree())
                .withEnvironment(all)
                .withStderr(Output.merge());
    }

    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        if (!(test instanceof FmfTest fmf)) {
            throw new IllegalArgumentException("this executor runs fmf tests, and " + test.name() + " is "
                    + test.getClass().getName() + ": use the tests that FmfTests discovered");
        }
        if (closed) {
            throw new IllegalStateException("the executor is closed: open another one on the connection");
        }
        try {
            TestRun.Setting setting = new TestRun.Setting(connection, place, packages, options);
            return new TestRun(setting, fmf, variables(fmf), into).toItsEnd(reboot);
        } catch (IOException e) {
            throw new UncheckedIOException("could not store what " + fmf.name() + " reported: " + e.getMessage(), e);
        }
    }

    /** Later ones win: what every test is told, the test's own, the user's. All of them win over the plan's. */
    private TestRun.Variables variables(FmfTest test) {
        Map<String, String> own = new LinkedHashMap<>();
        own.put("TMT_PLAN_ENVIRONMENT_FILE", place.planEnvironment());
        own.put("TMT_TEST_NAME", test.name());
        own.put("TMT_TEST_METADATA", place.metadata());
        own.put("TMT_TREE", treeOf(test));
        if (tests.sources().stream().anyMatch(source -> source.place().startsWith("libs/"))) {
            own.put("BEAKERLIB_LIBRARY_PATH", place.libraries());
        }
        if (options.beakerlib()) {
            own.putAll(place.beakerlib());
        }
        own.putAll(test.environment());
        own.putAll(options.environment());
        return new TestRun.Variables(tests.plan().environment(), own);
    }

    /** Of several trees, the one that the test comes from. */
    private String treeOf(FmfTest test) {
        String directory = "tree/" + test.directory() + "/";
        return tests.sources().stream()
                .filter(source -> directory.startsWith(source.place() + "/"))
                .map(source -> place.root() + "/" + source.place())
                .findFirst()
                .orElse(place.tree());
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            finish();
        } finally {
            removePlace();
        }
    }

    private void finish() {
        long deadline = System.nanoTime() + options.finishWithin().toNanos();
        for (String script : tests.plan().finish()) {
            try {
                ScriptRun run =
                        ScriptRun.of(connection, script(script), Duration.ofNanos(deadline - System.nanoTime()));
                if (!run.succeeded()) {
                    LOG.warn("a finish script of {} {}", tests.plan().name(), run.describe());
                }
            } catch (ConnectionLostException e) {
                LOG.info("the finish scripts of {} cannot run: {}", tests.plan().name(), e.getMessage());
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void removePlace() {
        boolean interrupted = Thread.interrupted();
        try {
            connection.run(Command.bash(REMOVE_PLACE + "remove_place \"$1\"", place.root()));
        } catch (AtexException | IllegalStateException e) {
            LOG.debug("{} stays on a system that does not answer: {}", place.root(), e.getMessage());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Remembers only for logs which tests there are. */
    @Override
    public String toString() {
        return "executor of " + List.copyOf(tests).size() + " tests in " + place.root();
    }
}
