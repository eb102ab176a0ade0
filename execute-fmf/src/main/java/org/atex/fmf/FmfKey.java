package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A key of tmt's format, and what becomes of it here. All that is said of keys, in messages and in the documentation, is
 * said in these tables.
 *
 * @param where which part of the format has it
 * @param name the key
 * @param fate what becomes of it
 * @param words what it does here; or why it changes nothing; or what to do instead
 */
public record FmfKey(Where where, String name, Fate fate, String words) {
    /** A part of the format. */
    public enum Where {
        /** A plan. */
        PLAN("plan"),
        /** A plan's {@code plan: import}. */
        IMPORT("plan: import"),
        /** A section of {@code discover} with {@code how: fmf}. */
        DISCOVER_FMF("discover, how: fmf"),
        /** A section of {@code discover} with {@code how: shell}. */
        DISCOVER_SHELL("discover, how: shell"),
        /** {@code execute} with {@code how: tmt}. */
        EXECUTE("execute, how: tmt"),
        /** A section of {@code prepare} or {@code finish} with {@code how: shell}. */
        STEP_SHELL("prepare or finish, how: shell"),
        /** A section of {@code prepare} with {@code how: install}. */
        STEP_INSTALL("prepare, how: install"),
        /** A section of {@code prepare} with {@code how: feature}. */
        STEP_FEATURE("prepare, how: feature"),
        /** A section of {@code prepare} or {@code finish} with {@code how: ansible}. */
        STEP_ANSIBLE("prepare or finish, how: ansible"),
        /** A section of {@code cleanup}. */
        CLEANUP("cleanup"),
        /** A test. */
        TEST("test"),
        /** One of the {@code tests} of a {@code discover} section with {@code how: shell}. */
        SHELL_TEST("tests of discover, how: shell");

        private final String words;

        Where(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** What becomes of a key. */
    public enum Fate {
        /** It means here what it means for tmt. */
        HONOURED,
        /** It is handed to the user's program. */
        DATA,
        /** It changes nothing here. */
        NO_MEANING,
        /** A plan or test that uses it is refused, with what to do instead. */
        REFUSED
    }

    private static final Map<Where, Map<String, FmfKey>> ALL = new Table().all();

    /** Says what becomes of each key. */
    private static final class Table {
        private final Map<Where, Map<String, FmfKey>> keys = new LinkedHashMap<>();

        Map<Where, Map<String, FmfKey>> all() {
            plan();
            discover();
            steps();
            tests();
            keys.replaceAll((where, part) -> Collections.unmodifiableMap(part));
            return Collections.unmodifiableMap(keys);
        }

        private void plan() {
            core(Where.PLAN);
            in(
                    Where.PLAN,
                    Fate.HONOURED,
                    "adjust",
                    "by the context of the run; `continue` and `because` too",
                    "context",
                    "`adjust` rules of its tests see it; the context of the run wins",
                    "enabled",
                    "a plan that is not enabled is refused, with the rule that says so; `withDisabledPlan()` runs it",
                    "environment",
                    "wins over that of tests; `withTestEnvironmentOverPlan()` turns that round",
                    "environment-file",
                    "files of the tree, YAML or dotenv; no URLs",
                    "discover",
                    "see its keys below; a plan without it has no tests",
                    "prepare",
                    "see its keys below",
                    "execute",
                    "see its keys below",
                    "finish",
                    "see its keys below",
                    "plan",
                    "`import`: see its keys below",
                    "name",
                    "a plan is called what its node is called");
            in(
                    Where.PLAN,
                    Fate.DATA,
                    "provision",
                    "`FmfPlan.provision()`: matching it with a provisioner is up to the program");
            in(
                    Where.PLAN,
                    Fate.NO_MEANING,
                    "order",
                    "plans are run as the program says; `FmfDiscovery.plans()` lists them in this order",
                    "cleanup",
                    "provisioners remove what they provision",
                    "report",
                    "aggregators store results",
                    "login",
                    "there is nobody to log in",
                    "gate",
                    "tmt does not use it either",
                    "ansible",
                    "inventories are up to the program");

            in(
                    Where.IMPORT,
                    Fate.HONOURED,
                    "url",
                    "fetched by git, as all other trees are",
                    "ref",
                    "a branch, tag or commit, or `@FILE`",
                    "path",
                    "the directory of its tree",
                    "name",
                    "a regular expression from the start of the name",
                    "importing",
                    "`replace`, `become-parent`",
                    "scope",
                    "`first-plan-only`, `single-plan-only`, `all-plans`",
                    "inherit-context",
                    "true by default",
                    "inherit-environment",
                    "true by default",
                    "adjust-plans",
                    "applied after the rules of the plan");
        }

        private void discover() {
            section(Where.DISCOVER_FMF);
            in(
                    Where.DISCOVER_FMF,
                    Fate.HONOURED,
                    "path",
                    "the directory of its tree: in the repository of `url`, else in the plan's tree",
                    "test",
                    "regular expressions, in this order; what matches twice runs twice; or mappings with `name` and a rule",
                    "include",
                    "one of them must be found in the name",
                    "exclude",
                    "none of them may be found in the name",
                    "filter",
                    "all must hold; keys that tests lack have tmt's defaults",
                    "link",
                    "one of them must be found among the links",
                    "adjust-tests",
                    "applied after the rules of each test",
                    "modified-only",
                    "by `git log` of the plan's own repository",
                    "modified-url",
                    "fetched as `reference`",
                    "modified-ref",
                    "by default the branch that `origin/HEAD` leads to");
            in(
                    Where.DISCOVER_FMF,
                    Fate.NO_MEANING,
                    "prune",
                    "systems get the whole tree",
                    "sync-repo",
                    "systems get the whole tree",
                    "upgrade-path",
                    "see `execute, how: upgrade`");
            in(
                    Where.DISCOVER_FMF,
                    Fate.REFUSED,
                    "fmf-id",
                    "use `FmfTests.from(…).discover()` and list the tests",
                    "dist-git-init",
                    "see `dist-git-source`",
                    "dist-git-merge",
                    "see `dist-git-source`",
                    "dist-git-extract",
                    "see `dist-git-source`",
                    "dist-git-remove-fmf-root",
                    "see `dist-git-source`");

            section(Where.DISCOVER_SHELL);
            in(Where.DISCOVER_SHELL, Fate.HONOURED, "tests", "see their keys below");
            in(
                    Where.DISCOVER_SHELL,
                    Fate.REFUSED,
                    "keep-git-metadata",
                    "systems get no .git; let the test clone what it needs, or FmfOptions.withExcludes leave .git in");

            in(
                    Where.EXECUTE,
                    Fate.HONOURED,
                    "how",
                    "`tmt`; `upgrade` is refused: upgrade the system in a test or a hook, between two plans",
                    "script",
                    "each is a test `/script-00` …, in place of `discover`",
                    "duration",
                    "the limit of each `script`, 1 hour by default",
                    "exit-first",
                    "after a test that failed, other tests of its factory are skipped",
                    "restraint-compatible",
                    "the helpers of restraint are there in any case");
            in(
                    Where.EXECUTE,
                    Fate.NO_MEANING,
                    "name",
                    "only for people",
                    "summary",
                    "only for people",
                    "order",
                    "there is one section");
            in(
                    Where.EXECUTE,
                    Fate.REFUSED,
                    "ignore-duration",
                    "give the tests another limit: tests.map(test -> test.withLimit(…))",
                    "where",
                    "run the plan on one kind of system, or use a program for each",
                    "when",
                    "use adjust");
        }

        private void steps() {
            step(Where.STEP_SHELL);
            in(
                    Where.STEP_SHELL,
                    Fate.HONOURED,
                    "script",
                    "run by bash in the tree; what it leaves running lives until the system is finished with");
            in(
                    Where.STEP_SHELL,
                    Fate.REFUSED,
                    "url",
                    "clone the repository in the script",
                    "ref",
                    "check it out in the script");
            step(Where.STEP_INSTALL);
            in(
                    Where.STEP_INSTALL,
                    Fate.HONOURED,
                    "package",
                    "whatever the system's package manager takes; files are those of the tree",
                    "directory",
                    "all package files in a directory of the tree",
                    "copr",
                    "enabled with dnf",
                    "exclude",
                    "left out of what is asked for; with dnf and yum, also of what that needs",
                    "missing",
                    "`fail`, `skip`",
                    "check-first",
                    "true by default");
            step(Where.STEP_FEATURE);
            in(
                    Where.STEP_FEATURE,
                    Fate.HONOURED,
                    "epel",
                    "`enabled`, `disabled`; changes nothing elsewhere than on RHEL and CentOS Stream",
                    "crb",
                    "likewise",
                    "fips",
                    "`enabled`, with a reboot; RHEL and CentOS Stream 8 to 10");
            in(Where.STEP_FEATURE, Fate.REFUSED, "profile", "apply its playbook with `how: ansible`");
            step(Where.STEP_ANSIBLE);
            in(
                    Where.STEP_ANSIBLE,
                    Fate.HONOURED,
                    "playbook",
                    "applied by the system to itself: a path in the tree, a URL, a playbook of a collection",
                    "playbooks",
                    "an old name of `playbook`",
                    "extra-args",
                    "further arguments of `ansible-playbook`");
            in(Where.CLEANUP, Fate.NO_MEANING, "how", "`tmt`", "name", "only for people");
        }

        private void step(Where where) {
            in(
                    where,
                    Fate.HONOURED,
                    "how",
                    "is looked at first; `shell` by default",
                    "name",
                    "`default-0` … by default; in messages and names of logs",
                    "order",
                    "lower goes first, 50 by default",
                    "when",
                    "one of the rules must hold in the plan's context",
                    "where",
                    "all systems are made ready alike, so it must mean all guests of the plan",
                    "enabled",
                    "only true is run");
            in(where, Fate.NO_MEANING, "summary", "only for people");
        }

        private void tests() {
            core(Where.TEST);
            test(Where.TEST);
            scheduling(Where.TEST);
            in(
                    Where.TEST,
                    Fate.HONOURED,
                    "adjust",
                    "by the context of the run and of the plan",
                    "restart-on-exit-code",
                    "see the README",
                    "restart-max-count",
                    "see the README",
                    "restart-with-reboot",
                    "see the README",
                    "name",
                    "a test is called what its node is called");
            in(
                    Where.TEST,
                    Fate.DATA,
                    "where",
                    "in the metadata: which kind of system it is for is up to the program",
                    "extra-*",
                    "in the metadata");
            core(Where.SHELL_TEST);
            test(Where.SHELL_TEST);
            scheduling(Where.SHELL_TEST);
            in(
                    Where.SHELL_TEST,
                    Fate.HONOURED,
                    "name",
                    "a text of its own among these tests",
                    "duration",
                    "1 hour by default");
            in(Where.SHELL_TEST, Fate.DATA, "extra-*", "in the metadata");
            in(Where.SHELL_TEST, Fate.REFUSED, "adjust", "tmt does not apply it: put the rule into the plan's adjust");
        }

        /** What a scheduler reads of a test. */
        private void scheduling(Where where) {
            in(
                    where,
                    Fate.HONOURED,
                    "extra-priority",
                    "higher goes sooner",
                    "extra-expected",
                    "how long it is expected to take, written as duration is",
                    "extra-locks",
                    "names of locks that it holds alone while it runs",
                    "extra-locks-shared",
                    "names of locks that it holds beside other tests that share them",
                    "extra-needs",
                    "labels that its system must have, each with a value or a list of values that will do");
        }

        private void core(Where where) {
            in(
                    where,
                    Fate.NO_MEANING,
                    "summary",
                    "only for people",
                    "description",
                    "only for people",
                    "author",
                    "only for people",
                    "contact",
                    "only for people; filters may ask for it",
                    "id",
                    "only for other tools",
                    "link",
                    "only for people; `discover` may ask for it",
                    "tag",
                    "filters may ask for it; `destructive` says that the system must not run another test",
                    "tier",
                    "filters may ask for it");
        }

        private void test(Where where) {
            in(
                    where,
                    Fate.HONOURED,
                    "test",
                    "run by bash",
                    "path",
                    "where it runs, in the tree",
                    "enabled",
                    "only true is run",
                    "manual",
                    "only false is run",
                    "order",
                    "lower goes first, 50 by default",
                    "environment",
                    "that of the plan wins",
                    "duration",
                    "all documented forms; 5 minutes by default",
                    "require",
                    "packages, libraries, files",
                    "recommend",
                    "packages, libraries",
                    "tty",
                    "gives it a terminal",
                    "framework",
                    "see the README",
                    "result",
                    "see the README",
                    "check",
                    "see the README");
            in(where, Fate.NO_MEANING, "component", "filters may ask for it");
        }

        private void section(Where where) {
            in(
                    where,
                    Fate.HONOURED,
                    "how",
                    "is looked at first",
                    "name",
                    "`default-0` … by default; with several sections, it is put in front of their tests",
                    "order",
                    "lower goes first, 50 by default",
                    "when",
                    "one of the rules must hold in the plan's context",
                    "url",
                    "git by https or ssh; `withTrustedMetadata()` allows any",
                    "ref",
                    "a branch, tag or commit, or `@FILE`",
                    "require-test",
                    "an error if one of them is not chosen",
                    "repository",
                    "an old name of `url`",
                    "revision",
                    "an old name of `ref`");
            in(where, Fate.NO_MEANING, "summary", "only for people");
            in(
                    where,
                    Fate.REFUSED,
                    "where",
                    "run the plan on one kind of system, or use a program for each",
                    "url-content-type",
                    "`git` is honoured; unpack an archive yourself, and use FmfTests.from(…)",
                    "dist-git-source",
                    "fetch and unpack the sources in a prepare script",
                    "dist-git-type",
                    "see `dist-git-source`",
                    "dist-git-download-only",
                    "see `dist-git-source`",
                    "dist-git-install-builddeps",
                    "see `dist-git-source`",
                    "dist-git-require",
                    "see `dist-git-source`");
        }

        private void in(Where where, Fate fate, String... namesAndWords) {
            Map<String, FmfKey> part = keys.computeIfAbsent(where, unused -> new LinkedHashMap<>());
            for (int i = 0; i < namesAndWords.length; i += 2) {
                part.put(namesAndWords[i], new FmfKey(where, namesAndWords[i], fate, namesAndWords[i + 1]));
            }
        }
    }

    /** {@return all keys that are known, part by part; unmodifiable} */
    public static List<FmfKey> all() {
        return ALL.values().stream().flatMap(keys -> keys.values().stream()).toList();
    }

    static Set<String> names(Where where) {
        return Objects.requireNonNull(ALL.get(where)).keySet();
    }

    static @Nullable FmfKey find(Where where, String name) {
        return Objects.requireNonNull(ALL.get(where)).get(name);
    }
}
