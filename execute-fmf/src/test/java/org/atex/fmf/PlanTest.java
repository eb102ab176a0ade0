package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The settings of plans other than the selection of tests from a tree. */
@Timeout(180)
class PlanTest {
    @TempDir
    private Path directory;

    private Repository repository;
    private Repository other;
    private FmfCache cache;

    @BeforeEach
    void makeRepositories() throws Exception {
        cache = FmfCache.at(directory.resolve("cache"));
        repository = Repository.in(directory.resolve("own"));
        repository.write("tests/main.fmf", "test: pwd\n/a:\n  tag: [x]\n/b:\n  environment: {WHO: test}\n");
        other = Repository.in(directory.resolve("other"));
    }

    private FmfDiscovery discovery() {
        return FmfTests.from(repository.directory()).cache(cache).plan("/plan");
    }

    private FmfTests plan(String text) throws Exception {
        repository.write("plan.fmf", text);
        return discovery().discover();
    }

    private static List<String> names(FmfTests tests) {
        return tests.stream().map(FmfTest::name).toList();
    }

    private void refuses(FmfDiscovery discovery, String... parts) {
        assertThatThrownBy(discovery::discover)
                .isInstanceOf(FmfException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    private void refuses(String plan, String... parts) throws Exception {
        repository.write("plan.fmf", plan);
        refuses(discovery(), parts);
    }

    @Test
    void provisionIsAvailableToTheProgram() throws Exception {
        FmfPlan plan = plan("""
                summary: in short
                discover: {how: fmf}
                environment: {IMAGE: fedora}
                provision:
                - {how: virtual, image: $IMAGE, hardware: {memory: '>= 8 GB', disk: [{size: 10 GB}]}}
                - {name: client, role: client}
                execute: {how: tmt, exit-first: true}
                extra-mine: 1
                """).plan();
        assertThat(plan.name()).isEqualTo("/plan");
        assertThat(plan.summary()).isEqualTo("in short");
        assertThat(plan.exitFirst()).isTrue();
        assertThat(plan.metadata()).containsEntry("extra-mine", 1L);
        assertThat(plan.provision())
                .containsExactly(
                        Map.of(
                                "how", "virtual",
                                "image", "fedora",
                                "hardware", Map.of("memory", ">= 8 GB", "disk", List.of(Map.of("size", "10 GB")))),
                        Map.of("name", "client", "role", "client"));
        assertThatThrownBy(() -> plan.provision().getFirst().clear()).isInstanceOf(UnsupportedOperationException.class);
        refuses("discover: {how: fmf}\nprovision: virtual\n", "plan.fmf:2: the plan /plan, provision");
    }

    @Test
    void theContextOfTheRunOverridesThatOfThePlan() throws Exception {
        repository.write("tests/main.fmf", "/a:\n  test: pwd\n  adjust: {when: speed == slow, duration: 1h}\n");
        FmfTests tests = plan("discover: {how: fmf}\ncontext: {speed: slow, arch: [a, b]}\n");
        assertThat(tests.get(0).limit()).isEqualTo(Duration.ofHours(1));
        assertThat(tests.plan().context().dimensions())
                .isEqualTo(Map.of("speed", List.of("slow"), "arch", List.of("a", "b")));
        FmfContext fast = FmfContext.empty().with("speed", "fast");
        assertThat(discovery().context(fast).discover().get(0).limit()).isEqualTo(Duration.ofMinutes(5));
        refuses("discover: {how: fmf}\ncontext: slow\n", "plan.fmf:2: ", "context");
    }

    @Test
    void variablesOfFilesPlanAndProgramAreCombined() throws Exception {
        repository.write("env/a.env", "# comment\nA=file B='two words' # more\nC=\"x\\\"y\" D=\n");
        repository.write("env/b.yaml", "B: yaml\nE: 1\nF: true\n");
        FmfTests tests = plan("""
                discover: {how: fmf}
                environment-file: [env/a.env, env/b.yaml]
                environment: {A: plan, G: "$A and ${E}", H: $NOT_KNOWN, I: $@speed, T: $TMT_TREE/x}
                context: {speed: slow}
                """);
        assertThat(tests.plan().environment())
                .isEqualTo(Map.of(
                        "A",
                        "plan",
                        "B",
                        "yaml",
                        "C",
                        "x\"y",
                        "D",
                        "",
                        "E",
                        "1",
                        "F",
                        "True",
                        "G",
                        "plan and 1",
                        "H",
                        "$NOT_KNOWN",
                        "I",
                        "slow",
                        "T",
                        "$TMT_TREE/x"));
        FmfPlan withVariables = discovery()
                .environment(Map.of("A", "program", "NOT_KNOWN", "now"))
                .discover()
                .plan();
        assertThat(withVariables.environment())
                .containsEntry("A", "program")
                .containsEntry("G", "program and 1")
                .containsEntry("H", "now");
    }

    @ParameterizedTest
    @CsvSource({
        "missing.env,there is no file",
        "/etc/passwd,there is no file",
        "../other/x.env,out of the tree",
        "link.env,out of the tree",
        "https://example.com/x.env,FmfDiscovery.environment",
        "broken.env,is not closed",
        "words.env,NAME=value",
        "list.yaml,mapping",
        "nested.yaml,texts",
        "tests,there is no file"
    })
    void anInvalidFileOfVariablesIsAnError(String file, String message) throws Exception {
        other.write("x.env", "A=b\n");
        repository
                .write("broken.env", "A='b\n")
                .write("words.env", "export A=b\n")
                .write("list.yaml", "- a\n");
        repository.write("nested.yaml", "A: {B: c}\n");
        Files.createSymbolicLink(
                repository.directory().resolve("link.env"), other.directory().resolve("x.env"));
        refuses("discover: {how: fmf}\nenvironment-file: ['" + file + "']\n", message);
    }

    @Test
    void theVariablesOfThePlanOverrideThoseOfTestsByDefault() throws Exception {
        repository.write(
                "tests/main.fmf", "/b:\n  test: echo $WHO $ONLY $WHERE\n  environment: {WHO: test, ONLY: test}\n");
        FmfTests tests = plan("discover: {how: fmf}\nenvironment: {WHO: plan, WHERE: $TMT_TREE/x}\n");
        try (var connection = LocalConnection.open()) {
            assertThat(output(connection, tests, FmfOptions.defaults())).matches("plan test /var/tmp/.*/tree/x\n");
            assertThat(output(connection, tests, FmfOptions.defaults().withTestEnvironmentOverPlan()))
                    .matches("test test /var/tmp/.*/tree/x\n");
            assertThat(output(connection, tests, FmfOptions.defaults().withEnvironment(Map.of("WHO", "program"))))
                    .startsWith("program test ");
        }
    }

    private String output(LocalConnection connection, FmfTests tests, FmfOptions options) throws Exception {
        try (var executor = FmfExecutor.factory(tests, options).open(connection)) {
            Artifacts artifacts = Artifacts.at(Files.createTempDirectory(directory, "artifacts"));
            assertThat(executor.run(tests.get(0), artifacts).outcome()).isEqualTo(Outcome.PASSED);
            return Files.readString(artifacts.files().resolve("output.txt"));
        }
    }

    @Test
    void exitFirstSkipsTestsAfterAFailure() throws Exception {
        repository.write("tests/main.fmf", """
                /a: {test: 'true'}
                /b: {test: 'true', result: warn}
                /c: {test: 'false'}
                /d: {test: 'true'}
                """);
        FmfTests tests = plan("discover: {how: fmf}\nexecute: {how: tmt, exit-first: true}\n");
        List<Outcome> outcomes = new ArrayList<>();
        try (var connection = LocalConnection.open();
                var executor = FmfExecutor.factory(tests).open(connection)) {
            for (FmfTest test : tests) {
                Artifacts artifacts = Artifacts.at(Files.createTempDirectory(directory, "artifacts"));
                outcomes.add(executor.run(test, artifacts).outcome());
            }
        }
        assertThat(outcomes)
                .as("a warning is not a failure")
                .containsExactly(Outcome.PASSED, Outcome.FAILED, Outcome.FAILED, Outcome.SKIPPED);
    }

    @Test
    void aTestThatIsSelectedTwiceRunsUnderTwoNames() throws Exception {
        assertThat(names(plan("discover: {how: fmf, test: [/b, /a, /b, /b]}\n")))
                .containsExactly("/tests/b", "/tests/a", "/tests/b#2", "/tests/b#3");
    }

    @Test
    void testsDefinedInThePlanHaveAllKeys() throws Exception {
        repository.write("lib/main.fmf", "require: made-of\n");
        FmfTests tests = plan("""
                discover:
                  how: shell
                  tests:
                  - name: /x/y
                    test: pwd
                    path: /tests
                    require: [bash, {type: library, nick: own, name: /lib}]
                    environment: {A: 1}
                    tag: destructive
                    tty: true
                  - {name: late, test: 'true', order: 60, duration: 5m *2}
                  - {name: plain, test: 'true'}
                """);
        assertThat(names(tests)).containsExactly("/x/y", "/plain", "/late");
        FmfTest first = tests.get(0);
        assertThat(first.directory()).isEqualTo("tests");
        assertThat(first.requires()).containsExactly("bash", "made-of");
        assertThat(first.environment()).isEqualTo(Map.of("A", "1"));
        assertThat(first.destructive()).isTrue();
        assertThat(first.tty()).isTrue();
        assertThat(first.limit()).isEqualTo(Duration.ofHours(1));
        assertThat(tests.get(2).limit()).isEqualTo(Duration.ofMinutes(10));
        assertThat(names(discovery().name("late").discover())).containsExactly("/late");
        assertThat(names(discovery().filter("tag: destructive").discover())).containsExactly("/x/y");
    }

    @Test
    void anErrorInATestOfThePlanNamesTheTest() throws Exception {
        String file = repository.directory().resolve("plan.fmf").toString();
        refuses(
                "discover: {how: shell, tests: [{name: a, test: pwd, duration: soon}]}\n",
                file + ":1: the plan /plan, discover: the test '/a'",
                "duration");
        refuses("discover: {how: shell, tests: [{name: a, test: pwd, path: ../..}]}\n", "the test '/a'", "path");
        refuses(
                "discover: {how: shell, tests: [{name: a, test: pwd, adjust: {enabled: false}}]}\n",
                "'adjust",
                "plan's");
    }

    @Test
    void theScriptsOfExecuteAreTestsWithTheirOwnLimit() throws Exception {
        FmfTests tests = plan("execute: {how: tmt, script: ['true', 'false'], duration: 3m}\n");
        assertThat(names(tests)).containsExactly("/script-00", "/script-01");
        assertThat(tests).extracting(FmfTest::limit).containsOnly(Duration.ofMinutes(3));
        assertThat(tests.get(1).command()).isEqualTo("false");
        assertThat(plan("execute: {how: tmt, script: 'true'}\n").get(0).limit()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void onlyErrorsInSelectedTestsAreReported() throws Exception {
        repository.write("tests/main.fmf", """
                test: pwd
                /a: {tag: x}
                /bad: {duration: soon}
                /worse: {environment: {A: null}}
                /worst: {enabled: perhaps, order: first}
                /more: {require: {type: strange}}
                """);
        assertThat(names(plan("discover: {how: fmf, test: /a$}\n"))).containsExactly("/tests/a");
        String file = repository.directory().resolve("tests/main.fmf").toString();
        refuses("discover: {how: fmf, test: /bad}\n", file + ":3: ", "/tests/bad", "soon");
        refuses("discover: {how: fmf, test: /worse}\n", file + ":4: ", "/tests/worse");
        refuses("discover: {how: fmf, test: /worst}\n", file + ":5: ", "/tests/worst");
        refuses("discover: {how: fmf, test: /more}\n", "/tests/more", "'strange'");
        refuses(
                "discover: {how: fmf, test: ['/a$', /bad, /worse, /more]}\n",
                "3 of the chosen tests cannot be run",
                "/tests/bad",
                "/tests/worse",
                "/tests/more");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "duration: 1h30m | PT1H30M",
                "duration: 30 m | PT30M",
                "duration: 5m *2 | PT10M",
                "duration: 90 | PT1M30S",
                "duration+: '*2' | PT10M",
                "duration+: ' 15m' | PT20M",
                "duration+: 15m | PT20M"
            })
    void durationsAreReadInAllForms(String duration, Duration limit) throws Exception {
        repository.write("tests/main.fmf", "duration: 5m\n/a:\n  test: pwd\n  " + duration + "\n");
        assertThat(plan("discover: {how: fmf}\n").get(0).limit()).isEqualTo(limit);
    }

    @Test
    void metadataMayHaveDatesAndBinaryData() throws Exception {
        repository.write("tests/main.fmf", """
                /a:
                  test: cat "$TMT_TEST_METADATA"
                  extra-day: 2024-01-31
                  extra-time: 2024-01-31 10:20:30
                  extra-bytes: !!binary aGVsbG8=
                  extra-text: "2024-01-31"
                """);
        FmfTests tests = plan("discover: {how: fmf}\n");
        try (var connection = LocalConnection.open()) {
            assertThat(output(connection, tests, FmfOptions.defaults()))
                    .contains(
                            "extra-day: 2024-01-31\n",
                            "extra-time: 2024-01-31T10:20:30\n",
                            "extra-bytes: !!binary \"aGVsbG8=\"\n");
        }
    }

    private void remotePlans() throws Exception {
        other.write(
                "tests/main.fmf", "/r: {test: pwd}\n/s: {test: pwd, adjust: {when: speed == slow, enabled: false}}\n");
        other.write("plans.fmf", """
                execute: {how: tmt}
                discover: {how: fmf}
                context: {colour: red}
                environment: {WHO: remote, ONLY: remote}
                /one: {summary: the first}
                /two: {discover+: {test: /s}}
                /off: {enabled: false}
                """).commit("first");
    }

    private FmfDiscovery importing(String keys) throws Exception {
        repository.write("plan.fmf", """
                context: {speed: slow}
                environment: {WHO: importing}
                plan:
                  import: {url: "%s", %s}
                """.formatted(other.url(), keys));
        return discovery().withTrustedMetadata();
    }

    @Test
    void anImportedPlanReplacesTheImportingOne() throws Exception {
        remotePlans();
        FmfTests tests = importing("name: /plans/one").discover();
        assertThat(names(tests)).containsExactly("/tests/r");
        assertThat(tests.plan().name()).isEqualTo("/plan");
        assertThat(tests.plan().summary()).isEqualTo("the first");
        assertThat(tests.plan().environment()).isEqualTo(Map.of("WHO", "importing", "ONLY", "remote"));
        assertThat(tests.plan().context().dimensions()).containsKeys("speed", "colour");
        assertThat(tests.tree()).startsWith(directory.resolve("cache"));
        FmfTests alone = importing("name: /plans/one, inherit-context: false, inherit-environment: false")
                .discover();
        assertThat(names(alone)).containsExactly("/tests/r", "/tests/s");
        assertThat(alone.plan().environment()).containsEntry("WHO", "remote");
    }

    @Test
    void importedPlansMayBecomeChildren() throws Exception {
        remotePlans();
        FmfDiscovery all = importing("name: /plans, importing: become-parent, scope: all-plans");
        assertThat(all.plans()).containsExactly("/plan/plans/off", "/plan/plans/one", "/plan/plans/two");
        assertThat(names(all.plan("/plan/plans/one").discover())).containsExactly("/tests/r");
        refuses(all.plan("/plan/plans/off"), "disabled");
        refuses(all, "several plans", "/plan/plans/two");
        refuses(all.plan("/plan/plans/three"), "/plan imports /plan/plans/off");
        refuses(importing("name: /plans, scope: all-plans"), "become-parent");
        refuses(importing("name: /plans, scope: single-plan-only"), "several plans");
        refuses(importing("name: /gone"), "there is no plan '/gone'");
        refuses(importing("name: /plans/one, colour: red"), "'colour'");
        FmfDiscovery first = importing("name: /plans/(one|two), adjust-plans: {discover+: {test: /r}}");
        assertThat(names(first.discover())).containsExactly("/tests/r");
    }

    @Test
    void aRefMayBeReadFromAFile() throws Exception {
        other.write("tests/main.fmf", "/old: {test: pwd}\n")
                .write("refs.fmf", "ref: v1\nadjust: {when: new == yes, ref: main}\n");
        other.commit("first");
        other.git("tag", "v1");
        other.write("tests/main.fmf", "/new: {test: pwd}\n").commit("second");
        repository.write("plan.fmf", "discover: {how: fmf, url: '" + other.url() + "', ref: '@refs.fmf'}\n");
        FmfDiscovery discovery = discovery().withTrustedMetadata();
        assertThat(names(discovery.discover())).containsExactly("/tests/old");
        assertThat(names(
                        discovery.context(FmfContext.empty().with("new", "yes")).discover()))
                .containsExactly("/tests/new");
    }

    @Test
    void aPathMustNotLeaveAFetchedTree() throws Exception {
        Repository secret = Repository.in(directory.resolve("secret"));
        secret.write("tests/main.fmf", "/x: {test: pwd}\n");
        Files.createSymbolicLink(other.directory().resolve("link"), secret.directory());
        other.commit("first");
        repository.write("plan.fmf", "discover: {how: fmf, url: '" + other.url() + "', path: link}\n");
        refuses(discovery().withTrustedMetadata(), "There is no directory 'link'");
    }

    @Test
    void aRefInAFetchedPlanRefersToItsRepository() throws Exception {
        other.write("in/.fmf/version", "1\n")
                .write("in/tests/main.fmf", "/old: {test: pwd}\n")
                .commit("first");
        other.git("tag", "v1");
        other.write("in/tests/main.fmf", "/new: {test: pwd}\n");
        other.write("in/plan.fmf", "discover: {how: fmf, ref: v1}\n").commit("second");
        FmfDiscovery fetched =
                FmfTests.from(FmfId.of(other.url()).withPath("in")).cache(cache).plan("/plan");
        assertThat(names(fetched.discover())).containsExactly("/tests/old");
        other.write("in/plan.fmf", "discover: {how: fmf, modified-only: true}\n")
                .commit("third");
        refuses(
                FmfTests.from(FmfId.of(other.url()).withPath("in"))
                        .cache(cache.withMaxAge(Duration.ZERO))
                        .plan("/plan"),
                "needs the history");
    }

    @ParameterizedTest
    @CsvSource({"'3',3", "-1,-1", "' 07 ',7", "2.9,2"})
    void anOrderMayBeText(String order, int sooner) throws Exception {
        repository.write(
                "tests/main.fmf",
                "test: pwd\n/a: {order: 60}\n/b: {order: " + (sooner + 1) + "}\n/c: {order: '" + order + "'}\n");
        if (!order.contains(".")) {
            assertThat(names(plan("discover: {how: fmf}\n"))).containsExactly("/tests/c", "/tests/b", "/tests/a");
        }
        repository.write("tests/main.fmf", "test: pwd\n/a: {order: 60}\n/c: {order: 2.9}\n");
        assertThat(names(plan("discover: {how: fmf}\n"))).containsExactly("/tests/c", "/tests/a");
    }

    @Test
    void modifiedOnlySelectsChangedTests() throws Exception {
        repository.write("tests/a/main.fmf", "test: pwd\n").write("tests/b/main.fmf", "test: pwd\n");
        repository.write("tests/b/deep/main.fmf", "test: pwd\n").write("tests/main.fmf", "summary: x\n");
        repository.write("plan.fmf", "discover: {how: fmf, modified-only: true, modified-ref: base}\n");
        repository.commit("first");
        repository.git("tag", "base");
        refuses(discovery(), "no tests", "modified since base");
        repository.write("tests/b/deep/test.sh", "x\n").write("README", "x\n").commit("second");
        assertThat(names(discovery().discover())).containsExactly("/tests/b/deep");
        repository.write("tests/b/test.sh", "x\n").commit("third");
        assertThat(names(discovery().discover())).containsExactly("/tests/b/deep");
        refuses("discover: {how: fmf, modified-only: true, modified-ref: gone}\n", "modified-only", "gone");
        refuses("discover: {how: fmf, modified-only: true, modified-ref: --help}\n", "'--help'");
        refuses("discover: {how: fmf, modified-only: true}\n", "origin/HEAD");
        refuses(
                "discover: {how: fmf, modified-only: true, modified-url: 'ext::sh', modified-ref: x}\n",
                "by https or ssh");
    }

    @Test
    void modifiedUrlComparesWithAnotherRepository() throws Exception {
        repository.write("tests/a/main.fmf", "test: pwd\n").write("tests/b/main.fmf", "test: pwd\n");
        repository.commit("first");
        Path copy = directory.resolve("copy");
        repository.git("clone", "-q", repository.directory().toString(), copy.toString());
        repository.write("tests/a/test.sh", "x\n");
        repository.write(
                "plan.fmf",
                "discover: {how: fmf, modified-only: true, modified-url: 'file://" + copy
                        + "', modified-ref: reference/main}\n");
        repository.commit("second");
        assertThat(names(discovery().withTrustedMetadata().discover())).containsExactly("/tests/a");
        assertThat(repository.git("remote")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "discover: {how: fmf, url: 'ext::sh -c date'}",
                "discover: {how: fmf, url: 'file:///etc'}",
                "discover: {how: fmf, url: '/etc'}",
                "discover: {how: fmf, url: '../other'}",
                "discover: {how: fmf, url: 'http://example.com/x'}",
                "discover: {how: fmf, url: 'git://example.com/x'}",
                "discover: {how: fmf, url: '--upload-pack=date'}",
                "discover: {how: fmf, url: 'ssh://-oProxyCommand=date/x'}",
                "discover: {how: fmf, url: '-oProxyCommand=date:x'}",
                "discover: {how: fmf, url: 'https://example.com/x', ref: '--upload-pack=date'}",
                "discover: {how: fmf, ref: --help}",
                "discover: {how: fmf, path: ..}",
                "discover: {how: fmf, path: ../other}",
                "discover: {how: fmf, path: outside}",
                "discover: {how: shell, url: 'file:///etc', tests: [{name: a, test: pwd}]}",
                "discover: {how: shell, tests: [{name: a, test: pwd, require: {type: library, path: /etc, name: /x}}]}",
                "discover: {how: shell, tests: [{name: a, test: pwd, require: {type: library, url: 'ext::sh', name: /}}]}",
                "plan: {import: {url: 'file:///etc', name: x}}"
            })
    void untrustedMetadataCannotRunProgramsOrLeaveTheirTree(String plan) throws Exception {
        Files.createSymbolicLink(repository.directory().resolve("outside"), other.directory());
        repository.write("plan.fmf", plan + "\n");
        assertThatThrownBy(() -> discovery().discover())
                .isInstanceOfSatisfying(
                        FmfException.class, e -> assertThat(e.kind()).isEqualTo(FmfException.Kind.REFERENCE))
                .message()
                .containsAnyOf("withTrustedMetadata", "is no branch, tag or commit");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "default-0 | {how: virtual}",
                "server | {name: server}",
                "[client, server] | [{role: server}]",
                "server | [{role: server}, {role: client}]",
                "client | {role: server}"
            })
    void whereMayNameTheOnlySystemOfThePlan(String where, String provision) throws Exception {
        repository.write(
                "plan.fmf",
                "discover: {how: fmf, where: " + where + "}\nexecute: {how: tmt, where: " + where + "}\nprovision: "
                        + provision + "\n");
        if (provision.contains("client") || where.equals("client")) {
            refuses(discovery(), "'where: " + where + "' is not supported");
        } else {
            assertThat(names(discovery().discover())).hasSize(2);
        }
    }

    @Test
    void severalGuestsAreReported() throws Exception {
        repository.write("main.fmf", "test: a\n");
        String plan = "discover: {how: fmf}\nexecute: {how: tmt}\nprovision: ";
        assertThat(plan(plan + "[{name: server}]\n").warnings()).isEmpty();
        assertThat(plan(plan + "[{name: server}, {name: client, role: client}]\n")
                        .warnings())
                .singleElement()
                .asString()
                .startsWith("the plan /plan provisions 2 systems, and with tmt each test runs on each of them; here it"
                        + " runs once, on one system: ");
    }

    @Test
    void unknownKeysOfAPlanAreReported() throws Exception {
        repository.write("main.fmf", "owner: me\nextra-x: 1\ncomponent: bash\n");
        assertThat(plan("discover: {how: fmf, test: /a}\n").warnings())
                .singleElement()
                .asString()
                .contains("main.fmf:1: ", "'owner'", "/plan");
    }

    @Test
    void lintChecksEachPlanAndTest() throws Exception {
        repository.write("plan.fmf", "discover: {how: fmf}\nreport: {how: html}\ncolour: red\n");
        repository.write("more.fmf", """
                /bad: {discover: {how: pytest}, execute: {how: tmt}}
                /off: {discover: {how: fmf}, execute: {how: tmt}, enabled: false}
                /soon: {test: pwd, duration: soon, enabled: false}
                /named: {test: pwd, reqiure: x}
                """);
        List<FmfFinding> findings = discovery().lint();
        assertThat(findings)
                .extracting(finding -> finding.state() + " " + finding.name())
                .containsExactly(
                        "REFUSED /more/bad",
                        "DISABLED /more/off",
                        "TAKEN /plan",
                        "TAKEN /more/named",
                        "REFUSED /more/soon",
                        "TAKEN /tests/a",
                        "TAKEN /tests/b");
        FmfFinding plan = findings.get(2);
        assertThat(plan.words()).isEqualTo("3 tests");
        assertThat(plan.keys()).containsEntry(FmfKey.Fate.NO_MEANING, List.of("report"));
        assertThat(plan.others()).containsExactly("colour");
        assertThat(findings.get(3).warnings()).singleElement().asString().contains("'require'?");
    }
}
