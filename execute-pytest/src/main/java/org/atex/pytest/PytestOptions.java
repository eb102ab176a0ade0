package org.atex.pytest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.atex.support.Arguments;

/**
 * Options of {@link PytestExecutor}. Immutable and therefore thread-safe; each {@code with…} method returns a changed
 * copy.
 */
public final class PytestOptions {
    /** A name after {@code --}, so that a label cannot become another kind of argument. */
    private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]*");

    /** The values of all options. Never changed after they were passed to the constructor of options. */
    private static final class Values {
        private String python = "python3";
        private List<String> pipArguments = List.of();
        private boolean systemPackages;
        private List<String> options = List.of();
        private List<String> labels = List.of();
        private Map<String, String> environment = Map.of();
        private int maxArtifactFiles = 10_000;
        private long maxArtifactBytes = 1L << 30;
        private Duration prepareWithin = Duration.ofMinutes(30);
        private Duration downloadWithin = Duration.ofMinutes(10);
        private Duration finalizeWithin = Duration.ofMinutes(5);

        private Values() {}

        private Values(Values from) {
            python = from.python;
            pipArguments = from.pipArguments;
            systemPackages = from.systemPackages;
            options = from.options;
            labels = from.labels;
            environment = from.environment;
            maxArtifactFiles = from.maxArtifactFiles;
            maxArtifactBytes = from.maxArtifactBytes;
            prepareWithin = from.prepareWithin;
            downloadWithin = from.downloadWithin;
            finalizeWithin = from.finalizeWithin;
        }
    }

    private final Values values;

    private PytestOptions(Values values) {
        this.values = values;
    }

    /** {@return the default options} */
    public static PytestOptions defaults() {
        return new PytestOptions(new Values());
    }

    private PytestOptions with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new PytestOptions(changed);
    }

    /** {@return options of pytest that the executor does not set itself} */
    static List<String> checked(List<String> options) {
        for (String option : options) {
            String name = option.split("=", 2)[0];
            if (name.equals("--junitxml") || name.equals("--junit-xml")) {
                throw new IllegalArgumentException(
                        "the option " + name + " cannot be set: the executor reads the report"
                                + " of pytest, and stores it as junit.xml in the artifacts of the test");
            }
        }
        return List.copyOf(options);
    }

    /** {@return the Python command on the systems} */
    public String python() {
        return values.python;
    }

    /**
     * Sets the Python command: a program in the {@code PATH} of the system, or its absolute path, for example that of
     * an existing virtual environment. Python 3.6 or newer.
     *
     * @param program the command; {@code python3} by default
     * @return a changed copy
     * @throws IllegalArgumentException if it is blank
     */
    public PytestOptions withPython(String program) {
        if (program.isBlank()) {
            throw new IllegalArgumentException("the Python command is blank; give a program such as python3");
        }
        return with(all -> all.python = program);
    }

    /** {@return further arguments of {@code pip install}} */
    public List<String> pipArguments() {
        return values.pipArguments;
    }

    /**
     * Sets further arguments of {@code pip install}. Relative paths are resolved in the copy of the project: with
     * {@code "--no-index", "--find-links", "wheels"}, the installation needs no network. Do not pass passwords: other
     * users of the system can read arguments.
     *
     * @param arguments the arguments; none by default
     * @return a changed copy
     */
    public PytestOptions withPipArguments(String... arguments) {
        return with(all -> all.pipArguments = List.of(arguments));
    }

    /** {@return whether the virtual environment includes the Python packages of the system} */
    public boolean systemPackages() {
        return values.systemPackages;
    }

    /**
     * Sets whether the virtual environment, in which requirements are installed, includes the Python packages of the
     * system. Then a pytest of the distribution is used if the requirements do not ask for another one.
     *
     * @param include whether they are included; false by default
     * @return a changed copy
     */
    public PytestOptions withSystemPackages(boolean include) {
        return with(all -> all.systemPackages = include);
    }

    /** {@return the options of pytest for all tests} */
    public List<String> options() {
        return values.options;
    }

    /**
     * Adds options of pytest for all tests, for example {@code "-k", "not slow"} or {@code "--strict-markers"}. Names
     * of files and node ids are no options: a {@link PytestTest} names its own.
     *
     * @param more the options
     * @return a changed copy
     * @throws IllegalArgumentException if an option is one that the executor needs itself
     */
    public PytestOptions withOptions(String... more) {
        List<String> options = new ArrayList<>(values.options);
        options.addAll(List.of(more));
        List<String> checked = checked(options);
        return with(all -> all.options = checked);
    }

    /** {@return the labels of systems that become options of pytest} */
    public List<String> labels() {
        return values.labels;
    }

    /**
     * Adds labels of systems that become options of pytest: on a system with the label {@code device} and the value
     * {@code rpi4}, pytest gets {@code --device=rpi4}. A system without the label gets no such option. The project has
     * to define the option, in {@code pytest_addoption} of its {@code conftest.py}. Arguments of ssh hosts are labels.
     *
     * @param names the names of the labels
     * @return a changed copy
     * @throws IllegalArgumentException if a name does not consist of letters, digits, {@code _} and {@code -}, or is that of
     *     an option that the executor needs itself
     */
    public PytestOptions withLabelsAsOptions(String... names) {
        for (String name : names) {
            if (!LABEL.matcher(name).matches()) {
                throw new IllegalArgumentException("the label '" + name + "' cannot become an option of pytest: use"
                        + " letters, digits, '_' and '-', without '--' before the name");
            }
            var unused = checked(List.of("--" + name));
        }
        List<String> labels = new ArrayList<>(values.labels);
        labels.addAll(List.of(names));
        return with(all -> all.labels = List.copyOf(labels));
    }

    /** {@return the environment variables of scripts and tests} */
    public Map<String, String> environment() {
        return values.environment;
    }

    /**
     * Adds environment variables of the prepare script, of pip, of all tests, and of the finalize script.
     *
     * @param more the variables; they replace variables of the same name
     * @return a changed copy
     */
    public PytestOptions withEnvironment(Map<String, String> more) {
        Map<String, String> environment = new LinkedHashMap<>(values.environment);
        environment.putAll(more);
        return with(all -> all.environment = Map.copyOf(environment));
    }

    /** {@return the maximum number of files in the artifacts directory of a test} */
    public int maxArtifactFiles() {
        return values.maxArtifactFiles;
    }

    /** {@return the maximum size of all files in the artifacts directory of a test, in bytes} */
    public long maxArtifactBytes() {
        return values.maxArtifactBytes;
    }

    /**
     * Sets the limits of the files that a test leaves in its artifacts directory. If a test exceeds one of them, none
     * of its files is downloaded, and a result with the status {@code warn} says so.
     *
     * @param files the number of files; 10,000 by default
     * @param bytes the size of all files together; 1 GiB by default
     * @return a changed copy
     * @throws IllegalArgumentException if a limit is negative
     */
    public PytestOptions withMaxArtifacts(int files, long bytes) {
        if (files < 0 || bytes < 0) {
            throw new IllegalArgumentException(
                    "limits of artifacts must not be negative: " + files + " files, " + bytes + " bytes");
        }
        return with(all -> {
            all.maxArtifactFiles = files;
            all.maxArtifactBytes = bytes;
        });
    }

    /** {@return the time limit for each step that prepares a system} */
    public Duration prepareWithin() {
        return values.prepareWithin;
    }

    /**
     * Sets the time limit for each step that prepares a system: copying the project, the prepare script, the
     * installation of requirements, and the collection of tests.
     *
     * @param limit the limit; 30 minutes by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public PytestOptions withPrepareWithin(Duration limit) {
        Duration checked = Arguments.positive(limit, "prepareWithin");
        return with(all -> all.prepareWithin = checked);
    }

    /** {@return the time limit for the download of the report and of the artifacts of a test} */
    public Duration downloadWithin() {
        return values.downloadWithin;
    }

    /**
     * Sets the time limit for the download of the report of a test, and that for the download of its artifacts.
     *
     * @param limit the limit; 10 minutes by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public PytestOptions withDownloadWithin(Duration limit) {
        Duration checked = Arguments.positive(limit, "downloadWithin");
        return with(all -> all.downloadWithin = checked);
    }

    /** {@return the time limit for the finalize script} */
    public Duration finalizeWithin() {
        return values.finalizeWithin;
    }

    /**
     * Sets the time limit for the finalize script.
     *
     * @param limit the limit; 5 minutes by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public PytestOptions withFinalizeWithin(Duration limit) {
        Duration checked = Arguments.positive(limit, "finalizeWithin");
        return with(all -> all.finalizeWithin = checked);
    }

    /** Returns the options, without the values of variables, which may be secret. */
    @Override
    public String toString() {
        return "PytestOptions[python=" + values.python + ", pipArguments=" + values.pipArguments + ", systemPackages="
                + values.systemPackages + ", options=" + values.options + ", labels=" + values.labels + ", environment="
                + values.environment.keySet() + ", maxArtifactFiles=" + values.maxArtifactFiles + ", maxArtifactBytes="
                + values.maxArtifactBytes + ", prepareWithin=" + values.prepareWithin + ", downloadWithin="
                + values.downloadWithin + ", finalizeWithin=" + values.finalizeWithin + "]";
    }
}
