package org.atex.fmf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atex.api.Artifacts;
import org.atex.api.AtexException;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.api.SetupException;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
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
    private static final Duration PREPARE_WITHIN = Duration.ofHours(1);
    private static final Duration FINISH_WITHIN = Duration.ofMinutes(5);
    private static final String MAKE_PLACE = """
            set -e
            place=$(mktemp -d "${1:-/var/tmp}/atex.XXXXXXXXXX")
            : >"$place/plan-environment"
            printf %s "$place"
            """;

    private final Connection connection;
    private final FmfTests tests;
    private final Map<String, String> environment;
    private final Packages packages;
    private final Place place;
    private boolean closed;

    /** Where things are on the system. */
    record Place(String root) {
        String tree() {
            return root + "/tree";
        }

        String libraries() {
            return root + "/libs";
        }

        String planEnvironment() {
            return root + "/plan-environment";
        }

        String metadata() {
            return root + "/metadata.yaml";
        }
    }

    private FmfExecutor(Connection connection, FmfTests tests, Map<String, String> environment, Place place) {
        this.connection = connection;
        this.tests = tests;
        this.environment = environment;
        this.place = place;
        this.packages = new Packages(connection);
    }

    /**
     * {@return what makes executors of these tests}
     *
     * @param tests what will be run, with their trees and plan
     */
    public static Executor.Factory factory(FmfTests tests) {
        return factory(tests, Map.of());
    }

    /**
     * {@return what makes executors of these tests}
     *
     * @param tests what will be run, with their trees and plan
     * @param environment variables for every script and test, which win over those of plan and tests
     */
    public static Executor.Factory factory(FmfTests tests, Map<String, String> environment) {
        Map<String, String> copy = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        return connection -> open(connection, tests, copy);
    }

    @SuppressWarnings("try") // closed here only if it cannot be handed out
    private static FmfExecutor open(Connection connection, FmfTests tests, Map<String, String> environment)
            throws InterruptedException {
        Place place =
                new Place(connection.run(Command.bash(MAKE_PLACE)).orThrow().stdout());
        FmfExecutor executor = new FmfExecutor(connection, tests, environment, place);
        boolean ready = false;
        try {
            executor.upload();
            executor.prepare();
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
    private void upload() throws InterruptedException {
        Map<Path, String> uploaded = new HashMap<>();
        List<FmfSource> links = new ArrayList<>();
        List<String> arguments = new ArrayList<>();
        for (FmfSource source : tests.sources()) {
            if (source.place().contains("/")) {
                arguments.add(place.root() + "/" + source.place());
            }
        }
        if (!arguments.isEmpty()) {
            connection
                    .run(Command.bash("mkdir -p -- \"${@%/*}\"", arguments.toArray(String[]::new)))
                    .orThrow();
        }
        for (FmfSource source : tests.sources()) {
            if (source.place().startsWith("libs/") && uploaded.containsKey(source.directory())) {
                links.add(source);
            } else {
                String target = place.root() + "/" + source.place();
                connection.upload(source.directory(), target);
                uploaded.put(source.directory(), target);
            }
        }
        for (FmfSource link : links) {
            String target = Objects.requireNonNull(uploaded.get(link.directory()));
            connection
                    .run(Command.of("ln", "-s", "--", target, place.root() + "/" + link.place()))
                    .orThrow();
        }
    }

    private void prepare() throws InterruptedException {
        long deadline = System.nanoTime() + PREPARE_WITHIN.toNanos();
        int number = 0;
        for (String script : tests.plan().prepare()) {
            number++;
            String what = "the prepare script " + number + " of " + tests.plan().name();
            Duration left = Duration.ofNanos(deadline - System.nanoTime());
            ScriptRun run = ScriptRun.of(connection, script(script), left);
            if (!run.succeeded()) {
                throw new SetupException(what + " " + run.describe(), null);
            }
        }
    }

    private Command script(String text) {
        Map<String, String> all = new LinkedHashMap<>(tests.plan().environment());
        all.put("TMT_PLAN_ENVIRONMENT_FILE", place.planEnvironment());
        all.put("TMT_TREE", place.tree());
        all.putAll(environment);
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
            return new TestRun(connection, place, packages, fmf, variables(fmf), into).toItsEnd();
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
        own.putAll(test.environment());
        own.putAll(environment);
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
        long deadline = System.nanoTime() + FINISH_WITHIN.toNanos();
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
            connection.run(Command.of("rm", "-rf", "--", place.root()));
        } catch (AtexException | IllegalStateException e) {
            LOG.debug("{} stays on a system that does not answer: {}", place.root(), e.getMessage());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The script that runs a test on a system. */
    static String wrapper() {
        return Wrapper.TEXT;
    }

    private static final class Wrapper {
        static final String TEXT = read();

        private static String read() {
            try (InputStream in =
                    Objects.requireNonNull(FmfExecutor.class.getResourceAsStream("wrapper.sh"), "wrapper.sh")) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException("could not read wrapper.sh from our own jar", e);
            }
        }
    }

    /** How a script of a plan went. */
    record ScriptRun(CommandEnd end, boolean timedOut, Duration limit, String output) {
        private static final int SHOWN = 2000;

        static ScriptRun of(Connection connection, Command command, Duration limit) throws InterruptedException {
            try (RunningCommand running = connection.start(command)) {
                TailReader tail = TailReader.start(running.stdout(), SHOWN);
                CommandEnd end = running.await(limit).orElse(null);
                if (end == null) {
                    return new ScriptRun(new CommandEnd.Signalled("KILL"), true, limit, tail.text());
                }
                return new ScriptRun(end, false, limit, tail.textAtEnd());
            }
        }

        boolean succeeded() {
            return !timedOut && end.succeeded();
        }

        String describe() {
            String how = timedOut ? "was ended at its limit of " + limit : "ended with " + end;
            return how + (output.isBlank() ? " and said nothing" : "; its last words: " + output.strip());
        }
    }

    /** Remembers only for logs which tests there are. */
    @Override
    public String toString() {
        return "executor of " + List.copyOf(tests).size() + " tests in " + place.root();
    }
}
