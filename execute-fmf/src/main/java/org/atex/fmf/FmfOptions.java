package org.atex.fmf;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.fmf.control.ReportLimits;
import org.atex.fmf.control.VerdictRule;
import org.jspecify.annotations.Nullable;

/**
 * How an executor runs fmf tests. Immutable; each {@code with…} method gives a changed copy.
 *
 * @param environment variables for every script and test, which win over those of plan and tests
 * @param limits how much a test may send before it is ended
 * @param verdict decides how tests ended that ended by themselves
 * @param hooks run before and after each test, in this order
 * @param live follows the output of tests while they run, or null
 * @param excludes names of files and directories that systems do not get, wherever in a tree they are
 * @param setUpWithin how long all prepare scripts and installations together may take
 * @param beakerlib whether Beakerlib tests report their phases and logs as results
 * @param keptTrees whether systems keep copies of the trees, so that the next run sends only what changed
 * @param detached how tests outlive their connections, or null: a lost connection ends the test at once
 */
public record FmfOptions(
        Map<String, String> environment,
        ReportLimits limits,
        VerdictRule verdict,
        List<TestHook> hooks,
        @Nullable LiveOutput live,
        List<String> excludes,
        Duration setUpWithin,
        boolean beakerlib,
        boolean keptTrees,
        @Nullable Detached detached) {
    /** Checks and copies what it is given. */
    public FmfOptions {
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        hooks = List.copyOf(hooks);
        excludes = List.copyOf(excludes);
        for (String exclude : excludes) {
            if (exclude.isEmpty() || exclude.indexOf('/') >= 0 || exclude.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("not a name to exclude: '" + exclude
                        + "' (give the name of a file or directory, such as .git or *.o, without a slash)");
            }
        }
        if (setUpWithin.isNegative() || setUpWithin.isZero()) {
            throw new IllegalArgumentException("setting up needs time: " + setUpWithin + " is none");
        }
    }

    /**
     * {@return no further variables, {@link ReportLimits#defaults()}, verdicts by the test's own result and exit code, no
     * hooks, nobody following, {@code .git} excluded, an hour to set up, Beakerlib tests like any other, nothing kept on systems,
     * tests that end with their connection}
     */
    public static FmfOptions defaults() {
        return new FmfOptions(
                Map.of(),
                ReportLimits.defaults(),
                VerdictRule.ofTheTestItself(),
                List.of(),
                null,
                List.of(".git"),
                Duration.ofHours(1),
                false,
                false,
                null);
    }

    /**
     * {@return these options with other variables}
     *
     * @param value all of them
     */
    public FmfOptions withEnvironment(Map<String, String> value) {
        return new FmfOptions(
                value, limits, verdict, hooks, live, excludes, setUpWithin, beakerlib, keptTrees, detached);
    }

    /**
     * {@return these options with other limits}
     *
     * @param value how much a test may send
     */
    public FmfOptions withLimits(ReportLimits value) {
        return new FmfOptions(
                environment, value, verdict, hooks, live, excludes, setUpWithin, beakerlib, keptTrees, detached);
    }

    /**
     * {@return these options with another rule for verdicts}
     *
     * @param value the rule
     */
    public FmfOptions withVerdict(VerdictRule value) {
        return new FmfOptions(
                environment, limits, value, hooks, live, excludes, setUpWithin, beakerlib, keptTrees, detached);
    }

    /**
     * {@return these options with one more hook, after the others}
     *
     * @param hook what to do before and after each test
     */
    public FmfOptions withHook(TestHook hook) {
        List<TestHook> all = new ArrayList<>(hooks);
        all.add(hook);
        return new FmfOptions(
                environment, limits, verdict, all, live, excludes, setUpWithin, beakerlib, keptTrees, detached);
    }

    /**
     * {@return these options, with the output of tests followed while they run}
     *
     * @param value gets the output
     */
    public FmfOptions withLiveOutput(LiveOutput value) {
        return new FmfOptions(
                environment, limits, verdict, hooks, value, excludes, setUpWithin, beakerlib, keptTrees, detached);
    }

    /**
     * {@return these options with other names excluded}
     *
     * @param value names of files and directories, in which {@code *} and {@code ?} stand for any characters
     */
    public FmfOptions withExcludes(List<String> value) {
        return new FmfOptions(
                environment, limits, verdict, hooks, live, value, setUpWithin, beakerlib, keptTrees, detached);
    }

    /**
     * {@return these options with another time for setting up}
     *
     * @param value how long all prepare scripts together may take, and each installation of a test's packages
     */
    public FmfOptions withSetUpWithin(Duration value) {
        return new FmfOptions(
                environment, limits, verdict, hooks, live, excludes, value, beakerlib, keptTrees, detached);
    }

    /** {@return these options, with Beakerlib tests reporting their phases and logs as results} */
    public FmfOptions withBeakerlib() {
        return new FmfOptions(
                environment, limits, verdict, hooks, live, excludes, setUpWithin, true, keptTrees, detached);
    }

    /**
     * {@return these options, with systems keeping copies of the trees below {@code /var/tmp}, for the user that logs in; the
     * next run from this machine sends only what changed. Each executor then packs for itself}
     */
    public FmfOptions withKeptTrees() {
        return new FmfOptions(
                environment, limits, verdict, hooks, live, excludes, setUpWithin, beakerlib, true, detached);
    }

    /**
     * {@return these options, with tests that go on when their connection is lost, and are picked up where they were}
     *
     * @param value how
     */
    public FmfOptions withDetached(Detached value) {
        return new FmfOptions(
                environment, limits, verdict, hooks, live, excludes, setUpWithin, beakerlib, keptTrees, value);
    }

    /** Values of variables may be secret and are left out. */
    @Override
    public String toString() {
        return "FmfOptions[environment=" + environment.keySet() + ", limits=" + limits + ", hooks=" + hooks.size()
                + ", excludes=" + excludes + ", setUpWithin=" + setUpWithin + ", beakerlib=" + beakerlib
                + ", keptTrees=" + keptTrees + ", detached=" + detached + "]";
    }
}
