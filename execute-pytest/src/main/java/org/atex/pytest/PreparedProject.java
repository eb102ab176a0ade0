package org.atex.pytest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Output;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;
import org.atex.api.SetupException;
import org.atex.support.LimitedCall;
import org.atex.support.UninterruptibleSection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The copy of a project on a system, with its Python environment.
 *
 * <p>Thread safety: {@link #command} may be called by any thread, {@link #close} once by one thread.
 */
final class PreparedProject implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PreparedProject.class);
    private static final Duration REMOVE_WITHIN = Duration.ofMinutes(1);

    /** The exit code of a command whose directory could not be created. A test can use the same one. */
    static final int NO_DIRECTORY = 119;

    private static final String ROOT = "/var/tmp/atex-pytest.";

    /** Runs a program in the virtual environment $1, if there is one, with a new directory $2 for its artifacts. */
    private static final String RUN = """
            if [[ $1 ]]; then
                export VIRTUAL_ENV=$1 PATH=$1/bin:$PATH
                unset PYTHONHOME
            fi
            mkdir -p -- "$2/artifacts" || exit %d
            shift 2
            exec "$@"
            """.formatted(NO_DIRECTORY);

    private static final String INSTALL = """
            python=$1 venv=$2 site=$3 requirements=$4
            shift 4
            "$python" -m venv $site "$venv" || exit
            pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input install "$@"; }
            if [[ $requirements ]]; then
                pip "$@" --requirement "$requirements" || exit
            fi
            "$venv/bin/python" -c 'import pytest' 2>/dev/null || pip "$@" pytest
            """;

    private final Connection connection;
    private final PytestProject project;
    private final PytestOptions options;
    private final List<String> labelOptions;
    private final String root;
    private String python;
    private String venv = "";
    private boolean uploaded;
    /** Kept until the end: the prepare script may have started services in the background. */
    private @Nullable RunningCommand prepareScript;

    private PreparedProject(Remote system, PytestProject project, PytestOptions options, String root) {
        this.connection = system.connection();
        this.project = project;
        this.options = options;
        this.root = root;
        python = options.python();
        Map<String, String> labels = options.labels().isEmpty() ? Map.of() : system.labels();
        labelOptions = options.labels().stream()
                .filter(labels::containsKey)
                .map(label -> "--" + label + "=" + labels.get(label))
                .toList();
    }

    /**
     * Copies a project to a system and prepares it. If that fails, everything is cleaned up again.
     *
     * @throws SetupException if a step fails
     */
    static PreparedProject on(Remote system, PytestProject project, PytestOptions options) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted before " + system.name() + " was prepared");
        }
        Step made = Step.run(system.connection(), Command.of("mktemp", "-d", ROOT + "XXXXXXXXXX"), REMOVE_WITHIN);
        // The directory is removed with its contents at the end, so it must be the right one.
        if (!made.succeeded() || !made.lastLine().startsWith(ROOT)) {
            throw new SetupException(
                    "could not make a directory for " + project + " in /var/tmp on " + system.name() + ": mktemp "
                            + made.describe() + " (check free space and permissions)",
                    null);
        }
        PreparedProject prepared = new PreparedProject(system, project, options, made.lastLine());
        boolean ready = false;
        try {
            prepared.prepare();
            ready = true;
            return prepared;
        } finally {
            if (!ready) {
                prepared.close();
            }
        }
    }

    private void prepare() throws InterruptedException {
        upload();
        runPrepareScript();
        boolean needed = project.requirements() != null || !hasPytest().succeeded();
        if (needed) {
            install();
            Step check = hasPytest();
            if (!check.succeeded()) {
                throw failed(python + " -m pytest --version " + check.describe());
            }
        }
    }

    private SetupException failed(String why) {
        return new SetupException("could not prepare " + connection + " for " + project + ": " + why, null);
    }

    private void upload() throws InterruptedException {
        try {
            Path staged = Files.createTempDirectory("atex-pytest");
            try {
                project.root().copy(project.files(), staged);
                LimitedCall.of("atex-pytest-upload", options.prepareWithin(), () -> {
                    connection.upload(staged, directory());
                    return true;
                });
                uploaded = true;
            } finally {
                Artifacts.at(staged).delete();
            }
        } catch (LimitedCall.NotInTimeException e) {
            throw failed("the upload of its files " + e.getMessage() + " (PytestOptions.withPrepareWithin sets the"
                    + " limit)");
        } catch (LimitedCall.Failure e) {
            if (e.thrown() instanceof ConnectionLostException lost) {
                throw lost;
            }
            throw failed("its files could not be uploaded: " + e.describe());
        } catch (IOException e) {
            throw failed("its files could not be read: " + e);
        } catch (ProjectFiles.RefusedException e) {
            throw failed("the file " + e.getMessage());
        }
    }

    private void runPrepareScript() throws InterruptedException {
        String script = project.prepareScript();
        if (script != null) {
            prepareScript = connection.start(script(script));
            Step step = Step.await(prepareScript, options.prepareWithin());
            if (!step.succeeded()) {
                throw failed("the prepare script " + script + " " + step.describe());
            }
        }
    }

    private Command script(String file) {
        return Command.of("./" + file)
                .withDirectory(directory())
                .withEnvironment(options.environment())
                .withStderr(Output.merge());
    }

    private Step hasPytest() throws InterruptedException {
        return Step.run(
                connection,
                command(root + "/check", Map.of(), List.of("-m", "pytest", "--version")),
                options.prepareWithin());
    }

    private void install() throws InterruptedException {
        venv = root + "/venv";
        String requirements = project.requirements();
        List<String> arguments = new ArrayList<>(List.of(
                options.python(),
                venv,
                options.systemPackages() ? "--system-site-packages" : "",
                requirements == null ? "" : "./" + requirements));
        arguments.addAll(options.pipArguments());
        Step step = Step.run(
                connection,
                Command.bash(INSTALL, arguments.toArray(String[]::new))
                        .withDirectory(directory())
                        .withEnvironment(options.environment()),
                options.prepareWithin());
        if (!step.succeeded()) {
            throw failed((requirements == null
                            ? options.python() + " has no pytest there, and its installation "
                            : "the installation of " + requirements + " ")
                    + step.describe()
                    + "\n(PytestOptions.withPipArguments and withPython change the installation)");
        }
        python = venv + "/bin/python";
    }

    Connection connection() {
        return connection;
    }

    PytestOptions options() {
        return options;
    }

    /** {@return the options of pytest for all tests on this system} */
    List<String> pytestOptions() {
        List<String> all = new ArrayList<>(options.options());
        all.addAll(labelOptions);
        return all;
    }

    /** {@return the copy of the project} */
    String directory() {
        return root + "/project";
    }

    /**
     * {@return a path of this project on the system that nothing else uses}
     *
     * @param name a name that is used once
     */
    String place(String name) {
        return root + "/" + name;
    }

    /**
     * {@return a command that runs Python in the copy of the project}
     *
     * @param place a directory, which the command creates; its artifacts are in {@code artifacts}
     * @param environment variables for this command, in addition to those of the options
     * @param arguments the arguments of Python
     */
    Command command(String place, Map<String, String> environment, List<String> arguments) {
        List<String> all = new ArrayList<>(List.of(venv, place, python));
        all.addAll(arguments);
        String artifacts = place + "/artifacts";
        return Command.bash(RUN, all.toArray(String[]::new))
                .withDirectory(directory())
                .withEnvironment(options.environment())
                .withEnvironment(environment)
                .withEnvironment("ATEX_ARTIFACTS_DIR", artifacts)
                .withEnvironment("PTMPROC_WORKER_ARTIFACTS_DIR", artifacts);
    }

    /** {@return a command that runs a program of this module in Python, without the packages of the environment} */
    Command helper(String program, String... arguments) {
        List<String> all = new ArrayList<>(List.of(options.python(), "-I", "-S", "-c", program));
        all.addAll(List.of(arguments));
        return Command.of(all);
    }

    /** Removes a directory of this project as far as that is possible; the rest is removed by {@link #close}. */
    void remove(String place) throws InterruptedException {
        Step removal = Step.run(
                connection,
                // A test may have taken the permissions away.
                Command.bash("rm -rf -- \"$1\" 2>/dev/null || { chmod -R u+rwX -- \"$1\"; rm -rf -- \"$1\"; }", place),
                REMOVE_WITHIN);
        if (!removal.succeeded()) {
            LOG.debug("could not remove {} on {}: rm {}", place, connection, removal.describe());
        }
    }

    /**
     * Runs the finalize script, ends background processes of the prepare script, and removes all files, as far as the
     * system still responds. Never throws; an interrupt ends a step early, and is pending afterwards.
     */
    @Override
    public void close() {
        UninterruptibleSection.run(() -> {
            try {
                runFinalizeScript();
            } finally {
                if (prepareScript != null) {
                    prepareScript.close();
                }
                attempt("remove its files", () -> remove(root));
            }
        });
    }

    private void runFinalizeScript() throws InterruptedException {
        String script = project.finalizeScript();
        if (script != null && uploaded) {
            attempt("run the finalize script", () -> {
                Step step = Step.run(connection, script(script), options.finalizeWithin());
                if (!step.succeeded()) {
                    LOG.warn("the finalize script {} on {} {}", script, connection, step.describe());
                }
            });
        }
    }

    private void attempt(String what, UninterruptibleSection.Step step) throws InterruptedException {
        try {
            step.run();
        } catch (ConnectionLostException | IllegalStateException e) {
            LOG.debug("could not {} on {}, which does not respond: {}", what, connection, e.toString());
        } catch (RuntimeException e) {
            LOG.warn("could not {} on {}", what, connection, e);
        }
    }
}
