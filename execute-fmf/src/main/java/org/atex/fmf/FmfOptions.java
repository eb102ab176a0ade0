package org.atex.fmf;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How an executor runs fmf tests. Immutable; each {@code with…} method gives a changed copy. */
public final class FmfOptions {
    private final Values values;

    private FmfOptions(Values values) {
        this.values = values;
    }

    /** Never changed once it is in options. */
    private static final class Values {
        private Map<String, String> environment = Map.of();
        private ReportLimits limits = ReportLimits.defaults();
        private OutcomeRule verdict = OutcomeRule.ofTheTestItself();
        private List<TestHook> hooks = List.of();
        private @Nullable LiveOutput live;
        private List<String> excludes = List.of(".git");
        private Duration uploadWithin = Duration.ofMinutes(30);
        private Duration setUpWithin = Duration.ofHours(1);
        private Duration installWithin = Duration.ofMinutes(30);
        private Duration hookWithin = Duration.ofMinutes(10);
        private Duration finishWithin = Duration.ofMinutes(5);
        private Duration rebootWithin = Duration.ofMinutes(10);
        private boolean beakerlib;
        private boolean keptTrees;
        private @Nullable DetachedOptions detached;
        private boolean changesToThisMachine;
        private @Nullable Path setUpLogs;
        private boolean timestampedOutput;
        private boolean testEnvironmentOverPlan;
        private List<String> recordedPackages = List.of();

        private Values() {}

        private Values(Values from) {
            environment = from.environment;
            limits = from.limits;
            verdict = from.verdict;
            hooks = from.hooks;
            live = from.live;
            excludes = from.excludes;
            uploadWithin = from.uploadWithin;
            setUpWithin = from.setUpWithin;
            installWithin = from.installWithin;
            hookWithin = from.hookWithin;
            finishWithin = from.finishWithin;
            rebootWithin = from.rebootWithin;
            beakerlib = from.beakerlib;
            keptTrees = from.keptTrees;
            detached = from.detached;
            changesToThisMachine = from.changesToThisMachine;
            setUpLogs = from.setUpLogs;
            timestampedOutput = from.timestampedOutput;
            testEnvironmentOverPlan = from.testEnvironmentOverPlan;
            recordedPackages = from.recordedPackages;
        }
    }

    private FmfOptions with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new FmfOptions(changed);
    }

    /**
     * {@return the default options: no further variables, {@link ReportLimits#defaults()}, verdicts by the test's own result
     * and exit code, no hooks, no live output, {@code .git} excluded; 30 minutes to copy the trees to a system, an hour to
     * prepare it, 30 minutes for each installation of a test's packages, 10 minutes for each call of a hook, 5 minutes to
     * finish, 10 minutes for each reboot; the variables of BeakerLib for tests whose metadata say so, nothing kept on systems, tests that end with their connection, no
     * changes to this machine, the output of prepare and finish scripts in a temporary directory, that of tests as it was
     * written, the variables of the plan winning over those of tests}
     */
    public static FmfOptions defaults() {
        return new FmfOptions(new Values());
    }

    /** {@return variables for every script and test, which win over those of plan and tests} */
    public Map<String, String> environment() {
        return values.environment;
    }

    /**
     * {@return these options with other variables}
     *
     * @param value all of them
     */
    public FmfOptions withEnvironment(Map<String, String> value) {
        Map<String, String> copy = Collections.unmodifiableMap(new LinkedHashMap<>(value));
        return with(all -> all.environment = copy);
    }

    /** {@return whether the variables of tests win over those of their plan} */
    public boolean testEnvironmentOverPlan() {
        return values.testEnvironmentOverPlan;
    }

    /**
     * {@return these options, with the variables of tests winning over those of their plan} Without it, those of the plan win,
     * and those of the test are what the plan's scripts may override by {@code TMT_PLAN_ENVIRONMENT_FILE}, as with tmt.
     */
    public FmfOptions withTestEnvironmentOverPlan() {
        return with(all -> all.testEnvironmentOverPlan = true);
    }

    /** {@return how much a test may send before it is ended} */
    public ReportLimits limits() {
        return values.limits;
    }

    /**
     * {@return these options with other limits}
     *
     * @param value how much a test may send
     */
    public FmfOptions withLimits(ReportLimits value) {
        return with(all -> all.limits = value);
    }

    /** {@return what decides how tests ended that ended by themselves} */
    public OutcomeRule verdict() {
        return values.verdict;
    }

    /**
     * {@return these options with another rule for verdicts}
     *
     * @param value the rule
     */
    public FmfOptions withVerdict(OutcomeRule value) {
        return with(all -> all.verdict = value);
    }

    /** {@return what is called before and after each test, in this order; unmodifiable} */
    public List<TestHook> hooks() {
        return values.hooks;
    }

    /**
     * {@return these options with one more hook, after the others}
     *
     * @param hook what to do before and after each test
     */
    public FmfOptions withHook(TestHook hook) {
        List<TestHook> longer = new ArrayList<>(values.hooks);
        longer.add(hook);
        return with(all -> all.hooks = List.copyOf(longer));
    }

    /** {@return what follows the output of tests while they run, or null} */
    public @Nullable LiveOutput live() {
        return values.live;
    }

    /**
     * {@return these options, with the output of tests followed while they run}
     *
     * @param value gets the output
     */
    public FmfOptions withLiveOutput(LiveOutput value) {
        return with(all -> all.live = value);
    }

    /** {@return names of files and directories that systems do not get, wherever in a tree they are; unmodifiable} */
    public List<String> excludes() {
        return values.excludes;
    }

    /**
     * {@return these options with other names excluded}
     *
     * @param value names of files and directories, in which {@code *} and {@code ?} stand for any characters
     */
    public FmfOptions withExcludes(List<String> value) {
        List<String> copy = List.copyOf(value);
        for (String exclude : copy) {
            if (exclude.isEmpty() || exclude.indexOf('/') >= 0 || exclude.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("not a name to exclude: '" + exclude
                        + "' (give the name of a file or directory, such as .git or *.o, without a slash)");
            }
        }
        return with(all -> all.excludes = copy);
    }

    /** {@return how long copying all trees to a system may take} */
    public Duration uploadWithin() {
        return values.uploadWithin;
    }

    /**
     * {@return these options with another time for copying}
     *
     * @param value how long copying all trees and libraries to a system may take; 30 minutes by default
     */
    public FmfOptions withUploadWithin(Duration value) {
        Duration checked = positive("copying trees", value);
        return with(all -> all.uploadWithin = checked);
    }

    /** {@return how long all prepare scripts and installations of the plan may take together} */
    public Duration setUpWithin() {
        return values.setUpWithin;
    }

    /**
     * {@return these options with another time for setting up}
     *
     * @param value how long all prepare scripts and installations of the plan may take together; an hour by default
     */
    public FmfOptions withSetUpWithin(Duration value) {
        Duration checked = positive("setting up", value);
        return with(all -> all.setUpWithin = checked);
    }

    /** {@return how long installing the packages of a test may take} */
    public Duration installWithin() {
        return values.installWithin;
    }

    /**
     * {@return these options with another time for the packages of a test}
     *
     * @param value how long the installation of what a test requires may take, and then that of what it recommends; 30
     *     minutes by default. The test's duration does not count meanwhile
     */
    public FmfOptions withInstallWithin(Duration value) {
        Duration checked = positive("installing packages", value);
        return with(all -> all.installWithin = checked);
    }

    /** {@return how long each call of a hook may take} */
    public Duration hookWithin() {
        return values.hookWithin;
    }

    /**
     * {@return these options with another time for hooks}
     *
     * @param value how long each call of a hook may take; 10 minutes by default. It is then interrupted, and abandoned if it
     *     does not return within 5 seconds of that. The test's duration does not count meanwhile
     */
    public FmfOptions withHookWithin(Duration value) {
        Duration checked = positive("a hook", value);
        return with(all -> all.hookWithin = checked);
    }

    /** {@return how long all finish scripts may take together} */
    public Duration finishWithin() {
        return values.finishWithin;
    }

    /**
     * {@return these options with another time for finishing}
     *
     * @param value how long all finish scripts may take together; 5 minutes by default
     */
    public FmfOptions withFinishWithin(Duration value) {
        Duration checked = positive("finishing", value);
        return with(all -> all.finishWithin = checked);
    }

    /** {@return how long each reboot of a test may take} */
    public Duration rebootWithin() {
        return values.rebootWithin;
    }

    /**
     * {@return these options with another time for reboots}
     *
     * @param value how long a system may take from when a test says that it goes down until it is back, unless the test says
     *     more by {@code tmt-reboot -t}; 10 minutes by default. The test's duration does not count meanwhile
     */
    public FmfOptions withRebootWithin(Duration value) {
        Duration checked = positive("a reboot", value);
        return with(all -> all.rebootWithin = checked);
    }

    private static Duration positive(String what, Duration value) {
        if (!value.isPositive()) {
            throw new IllegalArgumentException(what + " needs time: " + value + " is none");
        }
        return value;
    }

    /** {@return whether tests find the variables of BeakerLib also if their metadata do not say that they are such} */
    public boolean beakerlib() {
        return values.beakerlib;
    }

    /**
     * {@return these options, with the variables of BeakerLib for all tests, also for those without {@code framework:
     * beakerlib}: their phases and logs are results, too, and if they leave BeakerLib's results, these decide}
     */
    public FmfOptions withBeakerlib() {
        return with(all -> all.beakerlib = true);
    }

    /** {@return whether systems keep copies of the trees, so that the next run sends only what changed} */
    public boolean keptTrees() {
        return values.keptTrees;
    }

    /**
     * {@return these options, with systems keeping copies of the trees below {@code /var/tmp}, for the user that logs in; the
     * next run from this machine sends only what changed. Each system's copy is then packed for itself}
     */
    public FmfOptions withKeptTrees() {
        return with(all -> all.keptTrees = true);
    }

    /** {@return how tests outlive their connections, or null: a lost connection ends the test at once} */
    public @Nullable DetachedOptions detached() {
        return values.detached;
    }

    /**
     * {@return these options, with tests that go on when their connection is lost, and are picked up where they were}
     *
     * @param value how
     */
    public FmfOptions withDetached(DetachedOptions value) {
        return with(all -> all.detached = value);
    }

    /** {@return whether tests and plans may install packages on this machine and reboot it, where it is the system} */
    public boolean changesToThisMachine() {
        return values.changesToThisMachine;
    }

    /**
     * {@return these options, with tests and plans allowed to change this machine where it is the system that they run on: to
     * install packages, and to reboot it. Without this, a test that needs a package which is missing here ends as
     * {@link org.atex.api.Outcome#SETUP_FAILED}, one that calls {@code tmt-reboot} as
     * {@link org.atex.api.Outcome#ERROR}, and a plan that installs fails the system; each says so}
     */
    public FmfOptions withChangesToThisMachine() {
        return with(all -> all.changesToThisMachine = true);
    }

    /** {@return where the output of prepare and finish scripts is kept, or null for a new temporary directory} */
    public @Nullable Path setUpLogs() {
        return values.setUpLogs;
    }

    /**
     * {@return these options with another place for what prepare and finish scripts write}
     *
     * @param directory gets a directory for each time that a system is made ready, with files such as {@code prepare-1.txt}
     *     and {@code finish-1.txt}, one for each step that writes anything; made if need be. By default, each factory makes a
     *     temporary one. Messages of failed steps name the file
     */
    public FmfOptions withSetUpLogs(Path directory) {
        Path absolute = directory.toAbsolutePath();
        return with(all -> all.setUpLogs = absolute);
    }

    /** {@return whether each line of a test's output, and of prepare and finish scripts, has its time} */
    public boolean timestampedOutput() {
        return values.timestampedOutput;
    }

    /**
     * {@return these options, with the time in front of each line of {@code output.txt}, and of what prepare and finish scripts
     * write}
     *
     * <p>It is the time of this machine in UTC at which the first byte of the line arrived, such as
     * {@code 2026-01-31T12:00:00.123Z}, and a space; everything else is as it was written. A line that comes in parts has one
     * time; the last gets no line feed that it does not have. {@link LiveOutput} and {@link ReportLimits#outputBytes} know
     * nothing of times.
     */
    public FmfOptions withTimestampedOutput() {
        return with(all -> all.timestampedOutput = true);
    }

    /** {@return the packages whose versions are recorded beside those that the plan installs; unmodifiable} */
    public List<String> recordedPackages() {
        return values.recordedPackages;
    }

    /**
     * {@return these options, with the versions of more packages recorded} Of packages that the plan installs, and of these,
     * each test has a result {@code info} named {@code packages}, as far as they are installed: it tells name, version,
     * repository and digest, as they were when the system was ready.
     *
     * @param names names of packages
     */
    public FmfOptions withRecordedPackages(List<String> names) {
        for (String name : names) {
            if (!Packages.isName(name)) {
                throw new IllegalArgumentException("'" + name + "' is no name of a package");
            }
        }
        return with(all -> all.recordedPackages = List.copyOf(names));
    }

    /** Values of variables may be secret and are left out. */
    @Override
    public String toString() {
        return "FmfOptions[environment=" + environment().keySet() + ", limits=" + limits() + ", hooks="
                + hooks().size() + ", excludes=" + excludes() + ", uploadWithin=" + uploadWithin() + ", setUpWithin="
                + setUpWithin() + ", installWithin=" + installWithin() + ", hookWithin=" + hookWithin()
                + ", finishWithin=" + finishWithin() + ", rebootWithin=" + rebootWithin() + ", beakerlib=" + beakerlib()
                + ", keptTrees=" + keptTrees()
                + ", detached=" + detached() + ", changesToThisMachine=" + changesToThisMachine() + ", setUpLogs="
                + setUpLogs() + ", timestampedOutput=" + timestampedOutput()
                + ", testEnvironmentOverPlan=" + testEnvironmentOverPlan() + "]";
    }
}
