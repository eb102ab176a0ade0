package org.atex.fmf;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/** Options of an executor of fmf tests. Immutable and thread-safe; each {@code with…} method returns a changed copy. */
public final class FmfOptions {
    private final Values values;

    private FmfOptions(Values values) {
        this.values = values;
    }

    /** The values of all options. Never changed after they were passed to the constructor of options. */
    private static final class Values {
        private Map<String, String> environment = Map.of();
        private ReportLimits limits = ReportLimits.defaults();
        private OutcomeRule verdict = OutcomeRule.defaultRule();
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
     * {@return the default options} There are no further variables, hooks or live output. The limits are
     * {@link ReportLimits#defaults()}. A test's own result and its exit code decide its outcome. {@code .git} is
     * excluded.
     *
     * <p>Copying the trees to a system may take 30 minutes, its preparation an hour, each installation of a test's
     * packages 30 minutes, each call of a hook 10 minutes, the finish phase 5 minutes, and each reboot 10 minutes.
     *
     * <p>Only tests with {@code framework: beakerlib} get BeakerLib's variables. Systems keep no trees, and tests end
     * with their connection. The machine that runs the tests is not changed. Output of prepare and finish scripts goes
     * to a temporary directory; output has no timestamps. Variables of the plan override those of tests.
     */
    public static FmfOptions defaults() {
        return new FmfOptions(new Values());
    }

    /** {@return variables for all scripts and tests, which override those of plans and tests; unmodifiable} */
    public Map<String, String> environment() {
        return values.environment;
    }

    /**
     * Sets variables for all scripts and tests. They override those of plans and tests.
     *
     * @param value all variables
     * @return a changed copy
     */
    public FmfOptions withEnvironment(Map<String, String> value) {
        Map<String, String> copy = Collections.unmodifiableMap(new LinkedHashMap<>(value));
        return with(all -> all.environment = copy);
    }

    /** {@return whether variables of tests override those of their plan} */
    public boolean testEnvironmentOverPlan() {
        return values.testEnvironmentOverPlan;
    }

    /**
     * Lets variables of tests override those of their plan. By default, those of the plan win, and the plan's scripts
     * can set variables of the test by {@code TMT_PLAN_ENVIRONMENT_FILE}, as in tmt.
     *
     * @return a changed copy
     */
    public FmfOptions withTestEnvironmentOverPlan() {
        return with(all -> all.testEnvironmentOverPlan = true);
    }

    /** {@return the limits of the data that a test may send} */
    public ReportLimits limits() {
        return values.limits;
    }

    /**
     * Sets limits of the data that a test may send. A test that exceeds one is ended.
     *
     * @param value the limits
     * @return a changed copy
     */
    public FmfOptions withLimits(ReportLimits value) {
        return with(all -> all.limits = value);
    }

    /** {@return the rule for the outcome of tests that end by themselves} */
    public OutcomeRule outcomeRule() {
        return values.verdict;
    }

    /**
     * Sets the rule for the outcome of tests that end by themselves.
     *
     * @param value the rule
     * @return a changed copy
     */
    public FmfOptions withOutcomeRule(OutcomeRule value) {
        return with(all -> all.verdict = value);
    }

    /** {@return the hooks around each test, in the order of their calls; unmodifiable} */
    public List<TestHook> hooks() {
        return values.hooks;
    }

    /**
     * Adds a hook around each test. It is called after the hooks that were added before.
     *
     * @param hook the hook
     * @return a changed copy
     */
    public FmfOptions withHook(TestHook hook) {
        List<TestHook> longer = new ArrayList<>(values.hooks);
        longer.add(hook);
        return with(all -> all.hooks = List.copyOf(longer));
    }

    /** {@return the receiver of live output, or null} */
    public @Nullable LiveOutput live() {
        return values.live;
    }

    /**
     * Sets a receiver for the output of running tests.
     *
     * @param value the receiver
     * @return a changed copy
     */
    public FmfOptions withLiveOutput(LiveOutput value) {
        return with(all -> all.live = value);
    }

    /** {@return the names of files and directories that are not copied to systems, at any depth; unmodifiable} */
    public List<String> excludes() {
        return values.excludes;
    }

    /**
     * Sets the names of files and directories that are not copied to systems, at any depth of the trees. {@code .git}
     * by default.
     *
     * @param value all names; {@code *} and {@code ?} stand for any characters
     * @return a changed copy
     * @throws IllegalArgumentException if a name is empty, or has a slash or a NUL character
     */
    public FmfOptions withExcludes(List<String> value) {
        List<String> copy = List.copyOf(value);
        for (String exclude : copy) {
            if (exclude.isEmpty() || exclude.indexOf('/') >= 0 || exclude.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("could not exclude '" + exclude
                        + "': use the name of a file or directory, such as .git or *.o, without a slash");
            }
        }
        return with(all -> all.excludes = copy);
    }

    /** {@return the time limit for copying all trees to a system} */
    public Duration uploadWithin() {
        return values.uploadWithin;
    }

    /**
     * Sets the time limit for copying all trees and libraries to a system.
     *
     * @param value the limit; 30 minutes by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public FmfOptions withUploadWithin(Duration value) {
        Duration checked = Arguments.positive(value, "uploadWithin");
        return with(all -> all.uploadWithin = checked);
    }

    /** {@return the time limit for all prepare phases of the plan together} */
    public Duration setUpWithin() {
        return values.setUpWithin;
    }

    /**
     * Sets the time limit for all prepare phases of the plan together, installations included.
     *
     * @param value the limit; an hour by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public FmfOptions withSetUpWithin(Duration value) {
        Duration checked = Arguments.positive(value, "setUpWithin");
        return with(all -> all.setUpWithin = checked);
    }

    /** {@return the time limit for installing the packages of a test} */
    public Duration installWithin() {
        return values.installWithin;
    }

    /**
     * Sets the time limit for installing the required packages of a test, and again for the recommended ones. The
     * test's clock stops during that time.
     *
     * @param value the limit; 30 minutes by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public FmfOptions withInstallWithin(Duration value) {
        Duration checked = Arguments.positive(value, "installWithin");
        return with(all -> all.installWithin = checked);
    }

    /** {@return the time limit for each call of a hook} */
    public Duration hookWithin() {
        return values.hookWithin;
    }

    /**
     * Sets the time limit for each call of a hook. A call that takes longer is interrupted, and abandoned if it does
     * not return within 5 more seconds. The test's clock stops during that time.
     *
     * @param value the limit; 10 minutes by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public FmfOptions withHookWithin(Duration value) {
        Duration checked = Arguments.positive(value, "hookWithin");
        return with(all -> all.hookWithin = checked);
    }

    /** {@return the time limit for all finish phases together} */
    public Duration finishWithin() {
        return values.finishWithin;
    }

    /**
     * Sets the time limit for all finish phases of the plan together.
     *
     * @param value the limit; 5 minutes by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public FmfOptions withFinishWithin(Duration value) {
        Duration checked = Arguments.positive(value, "finishWithin");
        return with(all -> all.finishWithin = checked);
    }

    /** {@return the time limit for each reboot by a test} */
    public Duration rebootWithin() {
        return values.rebootWithin;
    }

    /**
     * Sets the time limit for each reboot by a test, from its announcement until the system is back. A test can set a
     * longer one by {@code tmt-reboot -t}. The test's clock stops during that time.
     *
     * @param value the limit; 10 minutes by default
     * @return a changed copy
     * @throws IllegalArgumentException if the limit is not positive
     */
    public FmfOptions withRebootWithin(Duration value) {
        Duration checked = Arguments.positive(value, "rebootWithin");
        return with(all -> all.rebootWithin = checked);
    }

    /** {@return whether all tests get BeakerLib's variables, also without {@code framework: beakerlib}} */
    public boolean beakerlib() {
        return values.beakerlib;
    }

    /**
     * Sets BeakerLib's variables for all tests, also for those without {@code framework: beakerlib}. Their phases and
     * logs are reported as results. If a test leaves results of BeakerLib, they decide its outcome.
     *
     * @return a changed copy
     */
    public FmfOptions withBeakerlib() {
        return with(all -> all.beakerlib = true);
    }

    /** {@return whether systems keep copies of the trees, so that the next run sends only changes} */
    public boolean keptTrees() {
        return values.keptTrees;
    }

    /**
     * Lets systems keep copies of the trees below {@code /var/tmp}, for the user that logs in. The next run from this
     * machine sends only changes. The trees are then packed for each system separately.
     *
     * @return a changed copy
     */
    public FmfOptions withKeptTrees() {
        return with(all -> all.keptTrees = true);
    }

    /** {@return the options of detached tests, or null if tests end with their connection} */
    public @Nullable DetachedOptions detached() {
        return values.detached;
    }

    /**
     * Runs tests detached from their connection: they go on when it is lost, and are followed again over a new one.
     *
     * @param value the options of detached tests
     * @return a changed copy
     */
    public FmfOptions withDetached(DetachedOptions value) {
        return with(all -> all.detached = value);
    }

    /** {@return whether tests and plans may install packages on this machine and reboot it, if they run on it} */
    public boolean changesToThisMachine() {
        return values.changesToThisMachine;
    }

    /**
     * Allows tests and plans that run on this machine to install packages on it and to reboot it. By default, a test
     * that requires a missing package ends as {@link org.atex.api.Outcome#SETUP_FAILED}, a test that calls
     * {@code tmt-reboot} ends as {@link org.atex.api.Outcome#ERROR}, and a plan that installs packages fails the
     * system. Each of them reports the reason.
     *
     * @return a changed copy
     */
    public FmfOptions withChangesToThisMachine() {
        return with(all -> all.changesToThisMachine = true);
    }

    /** {@return the directory for the output of prepare and finish scripts, or null for a new temporary directory} */
    public @Nullable Path setUpLogs() {
        return values.setUpLogs;
    }

    /**
     * Sets the directory for the output of prepare and finish scripts. By default, each factory creates a temporary
     * one. Messages of failed phases name the file.
     *
     * @param directory the directory; created if necessary. Each preparation of a system has a subdirectory with files
     *     such as {@code prepare-1.txt} and {@code finish-1.txt}, one for each phase with output
     * @return a changed copy
     */
    public FmfOptions withSetUpLogs(Path directory) {
        Path absolute = directory.toAbsolutePath();
        return with(all -> all.setUpLogs = absolute);
    }

    /** {@return whether lines of the output of tests, prepare and finish scripts begin with a timestamp} */
    public boolean timestampedOutput() {
        return values.timestampedOutput;
    }

    /**
     * Adds a timestamp to each line of {@code output.txt}, and of the output of prepare and finish scripts.
     *
     * <p>It is the time of this machine, in UTC, at which the first byte of the line arrived, such as
     * {@code 2026-01-31T12:00:00.123Z}, and a space. Everything else remains unchanged: no line feed is added to the
     * last line. {@link LiveOutput} gets the output without timestamps, and {@link ReportLimits#outputBytes} does not
     * count them.
     *
     * @return a changed copy
     */
    public FmfOptions withTimestampedOutput() {
        return with(all -> all.timestampedOutput = true);
    }

    /** {@return the packages to record the versions of, in addition to those that the plan installs; unmodifiable} */
    public List<String> recordedPackages() {
        return values.recordedPackages;
    }

    /**
     * Records the versions of further packages, in addition to those that the plan installs. Each test has a result
     * {@code info} with the name {@code packages} that lists name, version, repository and digest of those that were
     * installed when the system was ready.
     *
     * @param names the names of packages
     * @return a changed copy
     * @throws IllegalArgumentException if a name cannot be the name of a package
     */
    public FmfOptions withRecordedPackages(List<String> names) {
        for (String name : names) {
            if (!Packages.isName(name)) {
                throw new IllegalArgumentException("'" + name + "' is not the name of a package");
            }
        }
        return with(all -> all.recordedPackages = List.copyOf(names));
    }

    /** Returns all options, without the values of variables, which may be secret. */
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
