package org.atex.pytest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.CommandEnd;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Output;
import org.atex.api.Remote;
import org.atex.api.ReportedResult;
import org.atex.api.RunningCommand;
import org.atex.api.Status;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.api.TransferException;
import org.atex.artifacts.FreeSpace;
import org.atex.artifacts.ProcessList;
import org.atex.artifacts.ResultWriter;
import org.atex.support.Durations;
import org.jspecify.annotations.Nullable;

/**
 * Runs {@link PytestTest}s on one system. Opening copies the project to the system, runs its prepare script and installs
 * its requirements, once for all tests. Closing runs the finalize script and removes the copy. The system needs bash,
 * coreutils and Python 3.6 or newer, and {@code pip} and {@code venv} unless pytest is installed.
 *
 * <p>Each test is one run of pytest, whose cases become results of parts of the test. It passes only if the exit code
 * of pytest is 0, and its report is complete and has no failure.
 *
 * <p>Lifecycle and thread safety are those of {@link Executor}. Tests that run concurrently share the copy of the
 * project, but have separate directories for artifacts, temporary files and the cache of pytest.
 */
public final class PytestExecutor implements Executor {
    private static final String OUTPUT = "output.txt";
    private static final String REPORT = "junit.xml";

    private final PreparedProject project;
    private final AtomicInteger number = new AtomicInteger();
    private final AtomicBoolean closed = new AtomicBoolean();

    private PytestExecutor(PreparedProject project) {
        this.project = project;
    }

    /**
     * {@return a factory of executors with the default options}
     *
     * @param project the project, which is copied to each system
     */
    public static Executor.Factory factory(PytestProject project) {
        return factory(project, PytestOptions.defaults());
    }

    /**
     * {@return a factory of executors} It is thread-safe. Its {@code open} throws {@link
     * org.atex.api.SetupException} with the last lines of the output if the prepare script or the installation fails.
     *
     * @param project the project, which is copied to each system
     * @param options the options
     */
    public static Executor.Factory factory(PytestProject project, PytestOptions options) {
        return system -> new PytestExecutor(PreparedProject.on(system, project, options));
    }

    /**
     * Collects the tests of a project on a system, with one test for each test function and each set of its parameters.
     * The project is copied and prepared as for an executor, and removed again. The options of pytest apply, so that
     * {@code -k} and {@code -m} select tests. Marks of a test become its tags.
     *
     * @param project the project
     * @param options the options
     * @param connection the connection to a system on which the tests can be collected
     * @param targets files, directories or node ids, relative to the directory of the project; none for those that
     *     pytest finds by its own configuration
     * @return the tests in the order of pytest, at least one
     * @throws PytestException if pytest cannot collect the tests, or there are none
     * @throws org.atex.api.SetupException if the system cannot be prepared
     * @throws ConnectionLostException if the connection is lost
     * @throws InterruptedException if the thread is interrupted
     */
    public static List<PytestTest> collect(
            PytestProject project, PytestOptions options, Connection connection, String... targets)
            throws InterruptedException {
        try (PreparedProject prepared = PreparedProject.on(Remote.of(connection), project, options)) {
            return TestCollection.of(project, prepared, List.of(targets));
        }
    }

    private static PytestTest pytestTest(TestCase test) {
        return test.unwrap(PytestTest.class)
                .orElseThrow(() -> new IllegalArgumentException("this executor runs tests of pytest, and " + test.name()
                        + " is " + test.getClass().getName()
                        + ": use tests of PytestProject.tests() or PytestExecutor.collect, or wrap them"
                        + " (TestCase.wrapped)"));
    }

    @Override
    public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
        PytestTest pytest = pytestTest(test);
        if (closed.get()) {
            throw new IllegalStateException(
                    "cannot run " + test.name() + ": this executor is closed; open another one");
        }
        try {
            Files.createDirectories(into.files());
            return attempt(pytest, test, into);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "could not store the results of " + test.name() + " in " + into + ": " + e
                            + " (check free space and permissions); the test was ended",
                    e);
        }
    }

    private TestEnd attempt(PytestTest pytest, TestCase test, Artifacts into) throws IOException, InterruptedException {
        try (ResultWriter results = ResultWriter.append(into.results())) {
            TestEnd end;
            try {
                end = runAndFetch(pytest, test, into, results);
            } catch (InterruptedException e) {
                try {
                    write(into, results, TestEnd.of(Outcome.CANCELLED, "ended by an interrupt"));
                } catch (IOException notStored) {
                    e.addSuppressed(notStored);
                }
                throw e;
            } catch (TransferException e) {
                FreeSpace.require(into.directory());
                end = TestEnd.of(Outcome.ERROR, "pytest could not be run: " + e.getMessage());
            } catch (ConnectionLostException e) {
                end = TestEnd.of(Outcome.LOST, e.getMessage());
            }
            write(into, results, end);
            return end;
        }
    }

    private TestEnd runAndFetch(PytestTest pytest, TestCase test, Artifacts into, ResultWriter results)
            throws IOException, InterruptedException {
        Path output = into.files().resolve(OUTPUT);
        String place = project.place("test-" + number.incrementAndGet());
        Duration limit = test.limit();
        CommandEnd end = null;
        try (RunningCommand running = project.connection()
                .start(command(pytest, place, test)
                        .withStdout(Output.file(output))
                        .withStderr(Output.merge()))) {
            end = limit == null ? running.await() : running.await(limit).orElse(null);
            if (end == null && limit != null) {
                var unused = ProcessList.write(project.connection(), limit, into); // write() finds it
            }
        }
        FreeSpace.requireIfScarce(into.directory());
        // All processes of the test have ended, so that its files do not change any more.
        TestFiles files = new TestFiles(project, place);
        Path report = into.files().resolve(REPORT);
        TestFiles.Found found = files.fetch(REPORT, report);
        Judgement judgement = new Judgement();
        String broken = found.missing() == null ? read(report, pytest, judgement, results) : found.missing();
        files.download(found, into, results);
        if (end == null) {
            return TestEnd.of(Outcome.TIMED_OUT, "ended at its limit of " + words(limit));
        }
        String complaint = OutputTail.complaint(output);
        return end.shellCode() == PreparedProject.NO_DIRECTORY && !found.started()
                ? TestEnd.of(Outcome.SETUP_FAILED, "its directory could not be made on the system: " + complaint)
                : judgement.judge(end, broken, complaint);
    }

    private static String words(@Nullable Duration limit) {
        return limit == null ? "" : Durations.words(limit);
    }

    private Command command(PytestTest pytest, String place, TestCase test) {
        List<String> arguments = new ArrayList<>(List.of(
                "-m",
                "pytest",
                // The output names each case before it runs, so that it shows the one that killed pytest.
                "-v",
                // Runs at the same time must not share directories.
                "--basetemp=" + place + "/tmp",
                "-o",
                "cache_dir=" + place + "/cache"));
        arguments.addAll(project.pytestOptions());
        arguments.addAll(pytest.options());
        // After all other options, and after those of configuration files and PYTEST_ADDOPTS: the last one counts.
        arguments.addAll(
                List.of("--junitxml=" + place + "/" + REPORT, "-o", "junit_family=xunit1", "-o", "junit_logging=no"));
        arguments.add(argument(pytest.target()));
        return project.command(place, TestInvocation.of(test).environment(), arguments);
    }

    /** {@return a target as an argument that pytest takes neither for an option nor for a file of arguments} */
    static String argument(String target) {
        return target.startsWith("/") ? target : "./" + target;
    }

    /** Adds the cases of a report to the results. {@return the reason why it is incomplete, or null} */
    private static @Nullable String read(Path report, PytestTest test, Judgement judgement, ResultWriter results)
            throws IOException {
        String file = test.target().split("::", 2)[0];
        try {
            PytestReport.read(report, found -> {
                judgement.add(found);
                results.write(found.part(file));
            });
            return null;
        } catch (PytestReport.MalformedException e) {
            return e.getMessage();
        }
    }

    private static void write(Artifacts into, ResultWriter results, TestEnd end) throws IOException {
        List<String> files = new ArrayList<>();
        for (String name : List.of(OUTPUT, REPORT, ProcessList.FILE)) {
            if (Files.exists(into.files().resolve(name))) {
                files.add(name);
            }
        }
        Status status = end.outcome().status();
        results.write(ReportedResult.of(status, end.note(), files));
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            project.close();
        }
    }

    @Override
    public String toString() {
        return "executor of pytest on " + project.connection();
    }
}
