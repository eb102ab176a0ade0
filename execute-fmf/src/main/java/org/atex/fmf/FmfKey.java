package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A key of tmt's format, and its treatment here. Messages about keys and the tables in the documentation are generated
 * from this list. Immutable.
 *
 * @param where the part of the format that has the key
 * @param name the key
 * @param fate the treatment of the key
 * @param words the effect of the key, the reason why it has no effect, or an alternative if it is refused
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

        private final String label;

        Where(String label) {
            this.label = label;
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /** The treatment of a key. */
    public enum Fate {
        /** The key has the same meaning as in tmt. */
        HONOURED,
        /** The value is passed to the user's program. */
        DATA,
        /** The key has no effect. */
        NO_MEANING,
        /** A plan or test that uses the key is refused, with an alternative. */
        REFUSED
    }

    private static final Map<Where, Map<String, FmfKey>> ALL = new Table().all();

    /** The list of keys. Each row is a key and its description. */
    private static final class Table {
        private final Map<Where, Map<String, FmfKey>> keys = new LinkedHashMap<>();

        Map<Where, Map<String, FmfKey>> all() {
            planKeys();
            discoverSections();
            stepSections();
            testSections();
            keys.replaceAll((where, part) -> Collections.unmodifiableMap(part));
            return Collections.unmodifiableMap(keys);
        }

        private void planKeys() {
            coreKeys(Where.PLAN);
            add(
                    Where.PLAN,
                    Fate.HONOURED,
                    "adjust",
                    "by the context of the run; with `continue` and `because`",
                    "context",
                    "for the `adjust` rules of its tests; the context of the run overrides it",
                    "enabled",
                    "a disabled plan is refused, with the rule that disables it; `withDisabledPlan()` runs it",
                    "environment",
                    "overrides that of tests, unless `withTestEnvironmentOverPlan()` is called",
                    "environment-file",
                    "YAML or dotenv files of the tree; no URLs",
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
                    "the plan is always named after its node");
            add(
                    Where.PLAN,
                    Fate.DATA,
                    "provision",
                    "`FmfPlan.provision()`; a plan with several guests has a warning, see [above](#plans-with-several-guests); the program selects a provisioner, or `FmfTests.withHardwareNeeds()` turns `hardware` into needs");
            add(
                    Where.PLAN,
                    Fate.NO_MEANING,
                    "order",
                    "the program runs plans; `FmfDiscovery.plans()` lists them in this order",
                    "cleanup",
                    "provisioners remove what they provision",
                    "report",
                    "aggregators store results",
                    "login",
                    "there is no interactive login",
                    "gate",
                    "tmt does not use it either",
                    "ansible",
                    "inventories belong to the program");

            add(
                    Where.IMPORT,
                    Fate.HONOURED,
                    "url",
                    "fetched by git, like other remote trees",
                    "ref",
                    "a branch, tag or commit, or `@FILE`",
                    "path",
                    "the directory of its tree",
                    "name",
                    "a regular expression that matches at the start of the name",
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

        private void discoverSections() {
            discoverKeys(Where.DISCOVER_FMF);
            add(
                    Where.DISCOVER_FMF,
                    Fate.HONOURED,
                    "path",
                    "the directory of the tree, in the repository of `url` or in the plan's tree",
                    "test",
                    "regular expressions, or mappings with `name` and a rule, in this order; tests may run twice",
                    "include",
                    "a test must match one of them",
                    "exclude",
                    "a test must match none of them",
                    "filter",
                    "all must hold; keys that a test lacks have tmt's defaults",
                    "link",
                    "a test must have one of these links",
                    "adjust-tests",
                    "applied after the rules of each test",
                    "modified-only",
                    "by `git log` of the plan's own repository",
                    "modified-url",
                    "fetched as `reference`",
                    "modified-ref",
                    "by default the branch of `origin/HEAD`");
            add(
                    Where.DISCOVER_FMF,
                    Fate.NO_MEANING,
                    "prune",
                    "systems get the whole tree",
                    "sync-repo",
                    "systems get the whole tree",
                    "upgrade-path",
                    "see `how` of `execute`");
            add(
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

            discoverKeys(Where.DISCOVER_SHELL);
            add(Where.DISCOVER_SHELL, Fate.HONOURED, "tests", "see their keys below");
            add(
                    Where.DISCOVER_SHELL,
                    Fate.REFUSED,
                    "keep-git-metadata",
                    "systems get no .git: clone in the test, or include .git by FmfOptions.withExcludes");

            add(
                    Where.EXECUTE,
                    Fate.HONOURED,
                    "how",
                    "`tmt`; `upgrade` is refused: upgrade the system in a test or a hook, between two plans",
                    "script",
                    "each is a test `/script-00` …, instead of `discover`",
                    "duration",
                    "the limit of each `script`, 1 hour by default",
                    "exit-first",
                    "after a failure, the remaining tests of its executor factory are skipped",
                    "restraint-compatible",
                    "restraint's commands are always available");
            add(
                    Where.EXECUTE,
                    Fate.NO_MEANING,
                    "name",
                    "for people",
                    "summary",
                    "for people",
                    "order",
                    "there is a single section");
            add(
                    Where.EXECUTE,
                    Fate.REFUSED,
                    "ignore-duration",
                    "give the tests another limit: tests.map(test -> test.withLimit(…))",
                    "where",
                    "run the plan on one kind of system, or use one program for each kind",
                    "when",
                    "use adjust");
        }

        private void stepSections() {
            stepKeys(Where.STEP_SHELL);
            add(
                    Where.STEP_SHELL,
                    Fate.HONOURED,
                    "script",
                    "run by bash in the tree; its background processes run until the system is finished");
            add(
                    Where.STEP_SHELL,
                    Fate.REFUSED,
                    "url",
                    "clone the repository in the script",
                    "ref",
                    "check it out in the script");
            stepKeys(Where.STEP_INSTALL);
            add(
                    Where.STEP_INSTALL,
                    Fate.HONOURED,
                    "package",
                    "anything that the system's package manager accepts; paths are relative to the tree",
                    "directory",
                    "all package files in a directory of the tree",
                    "copr",
                    "enabled with dnf",
                    "exclude",
                    "not installed; with dnf and yum, not as a dependency either",
                    "missing",
                    "`fail`, `skip`",
                    "check-first",
                    "true by default");
            stepKeys(Where.STEP_FEATURE);
            add(
                    Where.STEP_FEATURE,
                    Fate.HONOURED,
                    "epel",
                    "`enabled`, `disabled`; no effect except on RHEL and CentOS Stream",
                    "crb",
                    "like `epel`",
                    "fips",
                    "`enabled`, with a reboot; RHEL and CentOS Stream 8 to 10");
            add(Where.STEP_FEATURE, Fate.REFUSED, "profile", "apply its playbook with `how: ansible`");
            stepKeys(Where.STEP_ANSIBLE);
            add(
                    Where.STEP_ANSIBLE,
                    Fate.HONOURED,
                    "playbook",
                    "run on the system itself: a path in the tree, a URL, or a playbook of a collection",
                    "playbooks",
                    "an old name of `playbook`",
                    "extra-args",
                    "further arguments of `ansible-playbook`");
            add(Where.CLEANUP, Fate.NO_MEANING, "how", "`tmt`", "name", "for people");
        }

        private void stepKeys(Where where) {
            add(
                    where,
                    Fate.HONOURED,
                    "how",
                    "the kind of the section; `shell` by default",
                    "name",
                    "`default-0` … by default; for messages and names of logs",
                    "order",
                    "lower ones come first; 50 by default",
                    "when",
                    "one of the rules must hold in the plan's context",
                    "where",
                    "must include all guests of the plan, as all systems are prepared alike",
                    "enabled",
                    "runs only if true");
            add(where, Fate.NO_MEANING, "summary", "for people");
        }

        private void testSections() {
            coreKeys(Where.TEST);
            testKeys(Where.TEST);
            schedulingKeys(Where.TEST);
            add(
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
                    "the test is always named after its node");
            add(
                    Where.TEST,
                    Fate.DATA,
                    "where",
                    "in the metadata; the program selects a system",
                    "extra-*",
                    "in the metadata");
            coreKeys(Where.SHELL_TEST);
            testKeys(Where.SHELL_TEST);
            schedulingKeys(Where.SHELL_TEST);
            add(
                    Where.SHELL_TEST,
                    Fate.HONOURED,
                    "name",
                    "a name that is unique among these tests",
                    "duration",
                    "1 hour by default");
            add(Where.SHELL_TEST, Fate.DATA, "extra-*", "in the metadata");
            add(Where.SHELL_TEST, Fate.REFUSED, "adjust", "tmt does not apply it: add the rule to the plan's adjust");
        }

        /** Adds the keys that determine the scheduling of a test. */
        private void schedulingKeys(Where where) {
            add(
                    where,
                    Fate.HONOURED,
                    "extra-priority",
                    "tests with a higher one start sooner",
                    "extra-expected",
                    "the expected time, in the format of `duration`",
                    "extra-group",
                    "the name of its group, for reports and rules of the program",
                    "extra-after",
                    "names of tests that end before it starts",
                    "extra-after-pass",
                    "names of tests that must have passed; it is skipped otherwise",
                    "extra-fixtures",
                    "names of fixtures of the program that it uses",
                    "extra-locks",
                    "names of locks that it holds exclusively while it runs",
                    "extra-locks-shared",
                    "names of locks that it shares with other tests",
                    "extra-locks-on-system",
                    "names of locks that it holds exclusively on its system; others may hold them on other systems",
                    "extra-locks-on-system-shared",
                    "names of locks that it shares with other tests on its system",
                    "extra-needs",
                    "labels that its system must have, each with a value, a list of accepted values, or a minimum such as '>= 4 GiB'");
        }

        private void coreKeys(Where where) {
            add(
                    where,
                    Fate.NO_MEANING,
                    "summary",
                    "for people",
                    "description",
                    "for people",
                    "author",
                    "for people",
                    "contact",
                    "for people and filters",
                    "id",
                    "for other tools",
                    "link",
                    "for people and the `link` key of `discover`",
                    "tag",
                    "for filters; after a test with the tag `destructive`, the system is not used again",
                    "tier",
                    "for filters");
        }

        private void testKeys(Where where) {
            add(
                    where,
                    Fate.HONOURED,
                    "test",
                    "run by bash",
                    "path",
                    "the working directory, in the tree",
                    "enabled",
                    "runs only if true",
                    "manual",
                    "runs only if false",
                    "order",
                    "lower ones come first; 50 by default",
                    "environment",
                    "that of the plan overrides it",
                    "duration",
                    "in all documented forms; 5 minutes by default",
                    "require",
                    "packages, libraries, files",
                    "recommend",
                    "packages, libraries",
                    "tty",
                    "the test gets a terminal",
                    "framework",
                    "see the README",
                    "result",
                    "see the README",
                    "check",
                    "see the README");
            add(where, Fate.HONOURED, "component", "for filters and reports");
        }

        private void discoverKeys(Where where) {
            add(
                    where,
                    Fate.HONOURED,
                    "how",
                    "the kind of the section",
                    "name",
                    "`default-0` … by default; with several sections, the prefix of their tests",
                    "order",
                    "lower ones come first; 50 by default",
                    "when",
                    "one of the rules must hold in the plan's context",
                    "url",
                    "git by https or ssh; `withTrustedMetadata()` allows other protocols",
                    "ref",
                    "a branch, tag or commit, or `@FILE`",
                    "require-test",
                    "tests that must be among the chosen ones",
                    "repository",
                    "an old name of `url`",
                    "revision",
                    "an old name of `ref`");
            add(where, Fate.NO_MEANING, "summary", "for people");
            add(
                    where,
                    Fate.REFUSED,
                    "where",
                    "run the plan on one kind of system, or use one program for each kind",
                    "url-content-type",
                    "unpack the archive and use FmfTests.from(…); `git` is honoured",
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

        private void add(Where where, Fate fate, String... namesAndDescriptions) {
            Map<String, FmfKey> part = keys.computeIfAbsent(where, unused -> new LinkedHashMap<>());
            for (int i = 0; i < namesAndDescriptions.length; i += 2) {
                part.put(
                        namesAndDescriptions[i],
                        new FmfKey(where, namesAndDescriptions[i], fate, namesAndDescriptions[i + 1]));
            }
        }
    }

    /** {@return all known keys, by part of the format; unmodifiable} */
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
