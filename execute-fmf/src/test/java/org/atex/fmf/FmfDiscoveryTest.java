package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.After;
import org.atex.api.Artifacts;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestLock;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class FmfDiscoveryTest {
    @TempDir
    private Path directory;

    private Repository repository;
    private Repository other;
    private FmfCache cache;

    @BeforeEach
    void makeRepositories() throws Exception {
        cache = FmfCache.at(directory.resolve("cache"));
        repository = Repository.in(directory.resolve("own"));
        repository.write(
                "tests/main.fmf", "/a:\n  test: pwd\n  tag: [x]\n/b:\n  test: pwd\n/c:\n  test: pwd\n  manual: true\n");
        other = Repository.in(directory.resolve("other"));
        other.write("in/.fmf/version", "1\n")
                .write("in/t/main.fmf", "/a:\n  test: pwd\n  adjust:\n  - when: arch == arm\n    enabled: false\n");
        other.commit("first");
        other.git("tag", "v1");
        other.write("in/t/main.fmf", "/a:\n  test: pwd\n/new:\n  test: pwd\n").commit("second");
    }

    private void plan(String text) throws Exception {
        repository.write("plan.fmf", text);
    }

    private FmfDiscovery discovery() {
        return FmfTests.from(repository.directory()).cache(cache).withTrustedMetadata();
    }

    private List<String> names(FmfDiscovery discovery) throws InterruptedException {
        return discovery.discover().stream().map(FmfTest::name).toList();
    }

    private List<String> planned() throws InterruptedException {
        return names(discovery().plan("/plan"));
    }

    private void fails(FmfDiscovery discovery, FmfException.Kind kind, String... parts) {
        var thrown = assertThatThrownBy(discovery::discover)
                .isInstanceOfSatisfying(
                        FmfException.class, e -> assertThat(e.kind()).isEqualTo(kind));
        for (String part : parts) {
            thrown.hasMessageContaining(part);
        }
    }

    @Test
    void combinesCriteriaOfPlanAndProgram() throws Exception {
        plan("discover:\n  how: fmf\n  test: [/a, /nothing]\n");
        assertThat(planned()).containsExactly("/tests/a");
        assertThat(names(discovery().plan("/plan").name("/b$"))).containsExactly("/tests/a", "/tests/b");
        assertThat(names(discovery().plan("/plan").name("/b$").filter("tag: x")))
                .containsExactly("/tests/a");
        assertThat(names(discovery().plan("/plan").name("/b$").exclude("/a"))).containsExactly("/tests/b");
        assertThat(names(discovery().where(node -> node.has("tag")))).containsExactly("/tests/a");
        fails(discovery().plan("/plan").exclude("."), FmfException.Kind.GENERAL, "of 3 tests", "excludes [.]");
    }

    @Test
    void planWithMisspelledDiscoverIsToldWhere() throws Exception {
        plan("discovr:\n  how: fmf\nexecute:\n  how: tmt\n");
        fails(
                discovery().plan("/plan"),
                FmfException.Kind.GENERAL,
                "has no tests, as it has no discover: it has the key 'discovr', did you mean 'discover'?");
    }

    @Test
    void errorWithoutTestsNamesUnknownKeysOfFilters() throws Exception {
        repository.write("tests/main.fmf", "/a:\n  test: pwd\n  tag: slow\n");
        assertThatThrownBy(() -> discovery().filter("tga: slow | tag: fast").discover())
                .hasMessageContaining("of 1 test, none matches the program's filters [tga: slow | tag: fast]; context")
                .hasMessageContaining("no test has the key 'tga' of the filter 'tga: slow | tag: fast'")
                .hasMessageContaining("did you mean 'tag'?")
                .hasMessageNotContaining("names []");
        assertThatThrownBy(() -> discovery().filter("tag=slow").discover())
                .hasMessageContaining("the filter 'tag=slow' is a test name");
    }

    @Test
    void anErrorWithoutTestsCountsThoseOfTheTree() throws Exception {
        plan("discover:\n  how: fmf\n");
        repository.write(
                "tests/main.fmf",
                "/a:\n  test: pwd\n/b:\n  test: pwd\n  enabled: false\n/c:\n  test: pwd\n  manual: true\n");
        fails(
                discovery().plan("/plan").name("/nothing"),
                FmfException.Kind.GENERAL,
                "of 3 tests, 1 disabled, 1 manual, none of the other 1 matches",
                "/nothing");
        repository.write("tests/main.fmf", "enabled: false\n/a:\n  test: pwd\n/b:\n  test: pwd\n");
        fails(discovery().plan("/plan"), FmfException.Kind.GENERAL, "of 2 tests, 2 disabled, none can run");
        repository.write("tests/main.fmf", "/a:\n  summary: no test\n");
        fails(discovery(), FmfException.Kind.GENERAL, "the tree has no tests", "a test is a node with the key 'test'");
    }

    @Test
    void testsHaveASourceLocation() throws Exception {
        repository
                .write("tests/main.fmf", """
                # All of them have this.
                duration: 1m

                /a:
                  # its script
                  test: pwd
                /b: {test: pwd}
                /c/d:
                  tag: x
                  test: pwd
                """)
                .write("tests/more/deep.fmf", "summary: alone\ntest: pwd\n")
                .write("tests/more/main.fmf", "/deep:\n  summary: again\n");
        plan("""
                summary: a plan
                discover:
                - how: fmf
                - how: shell
                  tests:
                  - {name: written, test: pwd}
                """);
        assertThat(discovery().plan("/plan").discover())
                .extracting(test -> String.valueOf(test.source()))
                .containsExactlyInAnyOrder(
                        "tests/main.fmf:6",
                        "tests/main.fmf:7",
                        "tests/main.fmf:9",
                        "tests/more/deep.fmf:1",
                        "plan.fmf:1");
    }

    @Test
    void aFilterOfTheListMayRemoveAllTests() throws Exception {
        assertThat(discovery().discover().filter(test -> false)).isEmpty();
    }

    @Test
    void misspelledKeysAreReported() throws Exception {
        repository.write("tests/main.fmf", """
                enviroment: {A: b}
                /a:
                  test: pwd
                  reqiure: bash
                  tags: [x]
                  extra-priorty: 3
                /b:
                  test: pwd
                  summry: x
                """);
        plan("""
                discover: {how: fmf}
                prepar: {how: shell, script: 'true'}
                """);
        FmfTests tests = discovery().plan("/plan").discover();
        String file = repository.directory().resolve("tests/main.fmf").toString();
        String planned = repository.directory().resolve("plan.fmf").toString();
        assertThat(tests.warnings())
                .satisfiesExactlyInAnyOrder(
                        one -> assertThat(one).startsWith(planned + ":2: ").contains("'prepar' of /plan", "'prepare'?"),
                        one -> assertThat(one)
                                .startsWith(file + ":1: ")
                                .contains("'enviroment' of /tests/a", "'environment'?")
                                .endsWith("(and in 1 more)"),
                        one -> assertThat(one).startsWith(file + ":4: ").contains("'reqiure'", "'require'?"),
                        one -> assertThat(one).startsWith(file + ":5: ").contains("'tags'", "'tag'?"),
                        one -> assertThat(one).contains("'extra-priorty'", "'extra-priority'?"),
                        one -> assertThat(one).contains("'summry' of /tests/b", "'summary'?"));
        assertThat(tests.map(test -> test).filter(test -> true).warnings()).isEqualTo(tests.warnings());
        assertThat(discovery().name("/b").discover().warnings())
                .as("only keys of selected tests")
                .hasSize(2);
    }

    @Test
    void keysOfTheUserAreNotReported() throws Exception {
        repository.write("tests/main.fmf", """
                extra-anything: 1
                bugzilla: 12345
                owner: me
                os: linux
                /a:
                  test: pwd
                  duration: 5m
                  tag+: [x]
                  adjust: [{when: arch == x, enabled: false}]
                """);
        assertThat(discovery().discover().warnings()).isEmpty();
    }

    @Test
    void environmentMayBeAListOfMappingsAndTexts() throws Exception {
        repository.write("tests/main.fmf", """
                environment: {A: a, B: b}
                /a:
                  test: pwd
                /b:
                  test: pwd
                  environment: [{A: 1, X: true}, 'B=2=3', {A: last}, EMPTY=]
                """);
        plan("discover: {how: fmf}\nenvironment:\n- P: plan\n- Q: plan\n- Q=other\n");
        FmfTests tests = discovery().plan("/plan").discover();
        assertThat(tests.plan().environment()).isEqualTo(Map.of("P", "plan", "Q", "other"));
        assertThat(tests.get(0).environment()).isEqualTo(Map.of("A", "a", "B", "b"));
        assertThat(tests.get(1).environment()).isEqualTo(Map.of("A", "last", "X", "True", "B", "2=3", "EMPTY", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"text", "A=b", "[text]", "['=b']", "[[A]]", "{A: [b]}", "[{A: {B: c}}]", "{A: null}", "[1]"})
    void anInvalidEnvironmentIsAnErrorWithItsLine(String environment) throws Exception {
        repository.write("tests/main.fmf", "/a:\n  test: pwd\n  environment: " + environment + "\n");
        fails(
                discovery(),
                FmfException.Kind.INVALID_VALUE,
                repository.directory().resolve("tests/main.fmf") + ":3: ",
                "/tests/a",
                "\"environment\"",
                "KEY=value");
        repository.write("tests/main.fmf", "/a:\n  test: pwd\n");
        plan("discover: {how: fmf}\nenvironment: " + environment + "\n");
        fails(discovery().plan("/plan"), FmfException.Kind.INVALID_VALUE, "plan.fmf:2: ", "\"environment\"");
    }

    @Test
    void metadataHavePropertiesForTheScheduler() throws Exception {
        repository.write("tests/main.fmf", """
                test: pwd
                duration: 10m
                tag: [slow, destructive]
                extra-priority: 7
                component: [kernel, bash]
                extra-group: storage
                extra-expected: 90
                extra-locks: [printer, database]
                extra-locks-shared: network
                extra-locks-on-system: port 80
                extra-locks-on-system-shared: [rpm]
                extra-after: [/clean, /network]
                extra-after-pass: /install
                extra-needs:
                  arch: [x86_64, aarch64]
                  version: 9
                  nested: true
                  memory: '>= 4 GiB'
                """);
        PlainTest expected = TestCase.named("/tests")
                .withLimit(Duration.ofMinutes(10))
                .withTag("slow")
                .withTag("destructive")
                .withDestructive(true)
                .withPriority(7)
                .withComponents(Set.of("bash", "kernel"))
                .withGroup("storage")
                .withExpected(Duration.ofSeconds(90))
                .withLock(TestLock.exclusive("printer"))
                .withLock(TestLock.exclusive("database"))
                .withLock(TestLock.shared("network"))
                .withLock(TestLock.exclusiveOnSystem("port 80"))
                .withLock(TestLock.sharedOnSystem("rpm"))
                .withAfter(After.endOf("/clean"))
                .withAfter(After.endOf("/network"))
                .withAfter(After.passOf("/install"))
                .withNeed(Need.of("arch", "x86_64", "aarch64"))
                .withNeed(Need.of("version", "9"))
                .withNeed(Need.of("nested", "true", "yes"))
                .withNeed(Need.atLeast("memory", "4 GiB"));
        FmfTests tests = discovery().discover();
        assertThat(tests.get(0).plan().withSource(null)).isEqualTo(expected);
        assertThat(PlainTest.copyOf(tests.get(0))).isEqualTo(tests.get(0).plan());
        FmfTest changed = tests.get(0).withPlan(plan -> plan.withNeed(Need.of("root")));
        assertThat(changed.needs()).hasSize(5);
        assertThat(changed.withTags(Set.of()).destructive()).isFalse();
        assertThat(changed.withPlan(plan -> TestCase.named("/new")).limit()).isEqualTo(Duration.ofMinutes(5));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "extra-locks: {a: b}",
                "extra-needs: arch",
                "extra-needs: {arch: {is: x86_64}}",
                "extra-needs: {arch: [[x86_64]]}",
                "extra-needs: {arch: null}",
                "extra-needs: {memory: '>= much'}",
                "extra-expected: soon",
                "extra-priority: high",
                "{extra-locks: [a], extra-locks-shared: [a]}",
                "{extra-locks-on-system: [a], extra-locks-on-system-shared: [a]}"
            })
    void invalidPropertiesForTheSchedulerAreErrorsWithTheirLine(String keys) throws Exception {
        String lines =
                keys.startsWith("{") ? keys.substring(1, keys.length() - 1).replace("], ", "]\n") : keys;
        repository.write("tests/main.fmf", "test: pwd\n" + lines + "\n");
        String key = lines.substring(lines.lastIndexOf("extra-")).replaceFirst(":.*", "");
        fails(
                discovery(),
                FmfException.Kind.INVALID_VALUE,
                repository.directory().resolve("tests/main.fmf") + ":" + (lines.contains("\n") ? 3 : 2) + ": ",
                "\"" + key + "\"");
    }

    @Test
    void aPlanMaySelectTestsOfARemoteTree() throws Exception {
        plan("discover:\n  how: fmf\n  url: " + other.url() + "\n  ref: v1\n  path: /in\n");
        FmfTests tests = discovery().plan("/plan").discover();
        assertThat(tests).singleElement().satisfies(test -> {
            assertThat(test.name()).isEqualTo("/t/a");
            assertThat(test.directory()).isEqualTo("t");
        });
        assertThat(tests.sources()).singleElement().satisfies(source -> {
            assertThat(source.place()).isEqualTo("tree");
            assertThat(source.directory())
                    .startsWith(directory.resolve("cache"))
                    .endsWithRaw(Path.of("in"));
        });
        assertThat(tests.tree()).isEqualTo(repository.directory());
        FmfContext arm = FmfContext.empty().with("arch", "arm");
        fails(discovery().plan("/plan").context(arm), FmfException.Kind.GENERAL, "arm");
    }

    @Test
    void discoveryMayStartInARemoteTree() throws Exception {
        FmfId id = FmfId.of(other.url()).withPath("in");
        assertThat(names(FmfTests.from(id).cache(cache))).containsExactly("/t/a", "/t/new");
        assertThat(names(FmfTests.from(id.withRef("v1")).cache(cache))).containsExactly("/t/a");
    }

    @Test
    void severalSectionsPrefixNamesAndDirectories() throws Exception {
        plan("""
                discover:
                - {how: fmf, name: mine, exclude: /b}
                - {how: fmf, name: theirs, url: "%s", path: in}
                - {how: fmf, name: again, test: /b}
                """.formatted(other.url()));
        FmfTests tests = discovery().plan("/plan").discover();
        assertThat(tests)
                .extracting(FmfTest::name)
                .containsExactly("/mine/tests/a", "/theirs/t/a", "/theirs/t/new", "/again/tests/b");
        assertThat(tests)
                .extracting(FmfTest::directory)
                .containsExactly("mine/tests", "theirs/t", "theirs/t", "again/tests");
        assertThat(tests.sources())
                .extracting(FmfSource::place)
                .containsExactly("tree/mine", "tree/theirs", "tree/again");
        assertThat(names(discovery().plan("/plan").exclude("^/theirs/t/a$").exclude("^/t/new")))
                .containsExactly("/mine/tests/a", "/again/tests/b");
    }

    @Test
    void aRefWithoutUrlRefersToTheRepositoryOfThePlan() throws Exception {
        repository.commit("first");
        repository.git("tag", "old");
        repository.write("tests/main.fmf", "/z:\n  test: pwd\n");
        plan("discover:\n  how: fmf\n  ref: old\n");
        assertThat(planned()).containsExactly("/tests/a", "/tests/b");
    }

    @Test
    void aPathWithoutUrlIsALocalDirectory() throws Exception {
        plan("discover:\n  how: fmf\n  path: " + other.directory().resolve("in") + "\n");
        assertThat(planned()).containsExactly("/t/a", "/t/new");
        plan("discover:\n  how: fmf\n  path: ../other/in\n");
        assertThat(planned()).containsExactly("/t/a", "/t/new");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{name: a}, {name: a}]",
                "[{name: a}, {name: ' '}]",
                "{how: pytest}",
                "{how: shell, test: /a}",
                "{how: fmf, tests: []}",
                "{how: fmf, modified-only: 1}",
                "{how: fmf, modified-only: true, url: 'https://example.com/x'}",
                "{how: fmf, url: [a]}",
                "{how: fmf, test: [[a]]}",
                "{how: fmf, order: soon}",
                "{how: fmf, colour: red}",
                "text"
            })
    void refusesInvalidSections(String discover) throws Exception {
        plan("discover: " + discover + "\n");
        fails(discovery().plan("/plan"), FmfException.Kind.INVALID_VALUE, "plan.fmf", "/plan", "discover");
    }

    @Test
    void runsTestsOfSeveralTrees() throws Exception {
        Path outputOfPrepare = directory.resolve("prepared");
        plan("""
                discover:
                - {how: fmf, name: mine, test: /a}
                - {how: fmf, name: theirs, url: "%s", path: in, test: /new}
                prepare: {how: shell, script: 'pwd >%s; ls >>%2$s'}
                """.formatted(other.url(), outputOfPrepare));
        FmfTests tests = discovery().plan("/plan").discover();
        try (var connection = LocalConnection.open();
                var executor = FmfExecutor.factory(tests).open(connection)) {
            List<String> listing = Files.readAllLines(outputOfPrepare);
            assertThat(listing).endsWith("mine", "theirs").hasSize(3);
            for (FmfTest test : tests) {
                Artifacts artifacts = Artifacts.at(Files.createTempDirectory(directory, "artifacts"));
                assertThat(executor.run(test, artifacts).outcome()).isEqualTo(Outcome.PASSED);
                assertThat(artifacts.files().resolve("output.txt")).hasContent(listing.get(0) + "/" + test.directory());
            }
        }
    }

    private Repository library(String name, String metadata) throws Exception {
        Repository library = Repository.in(directory.resolve("libraries").resolve(name));
        library.write("main.fmf", metadata).write("one/lib.sh", name + "\n").commit("first");
        return library;
    }

    private FmfTest required(String require) throws Exception {
        return discoveryWithRequirement().apply(require).get(0);
    }

    private interface Discovery {
        FmfTests apply(String require) throws Exception;
    }

    private Discovery discoveryWithRequirement() {
        return require -> {
            repository.write("tests/main.fmf", "/a:\n  test: pwd\n" + require.indent(2));
            return discovery()
                    .withLibraryUrl("file://" + directory.resolve("libraries"))
                    .discover();
        };
    }

    @Test
    void packagesOfLibrariesAreRequired() throws Exception {
        library("first", "/one:\n  require: [made-of, library(second/one)]\n  recommend: nice\n");
        library("second", "/one:\n  require: [library(first/one), deep]\n");
        FmfTests tests = discoveryWithRequirement().apply("require: [bash, library(first/one)]\nrecommend: [vim]");
        assertThat(tests.get(0).requires()).containsExactly("bash", "made-of", "deep");
        assertThat(tests.get(0).recommends()).containsExactlyInAnyOrder("vim", "nice");
        assertThat(tests.sources()).extracting(FmfSource::place).containsExactly("tree", "libs/first", "libs/second");
    }

    @Test
    void readsLibrariesWrittenAsMappings() throws Exception {
        Repository library = library("first", "/one:\n  require: early\n");
        library.git("tag", "v1");
        library.write("main.fmf", "/one:\n  require: late\n").commit("second");
        String url = library.url();
        assertThat(required("require: {type: library, url: '" + url + "', ref: v1, name: /one}")
                        .requires())
                .containsExactly("early");
        assertThat(required("require:\n- {url: '" + url + "', nick: other, name: /one}\n- {type: file, pattern: x}")
                        .requires())
                .containsExactly("late");
        assertThat(required("require: {type: library, path: '" + library.directory() + "', name: /one}")
                        .requires())
                .containsExactly("late");
    }

    @Test
    void librariesAreCopiedToTheSystem() throws Exception {
        library("first", "/one:\n  require: bash\n");
        repository.write("shared/one/main.fmf", "summary: a library\n").write("shared/one/lib.sh", "own\n");
        FmfTests tests = discoveryWithRequirement().apply("""
                require:
                - library(first/one)
                - {type: library, nick: mine, name: /shared/one}
                """);
        tests = tests.map(test -> test.withCommand(
                "cat $BEAKERLIB_LIBRARY_PATH/first/one/lib.sh $TMT_TREE/../libs/mine/shared/one/lib.sh"));
        try (var connection = LocalConnection.open();
                var executor = FmfExecutor.factory(tests).open(connection)) {
            Artifacts artifacts = Artifacts.at(Files.createTempDirectory(directory, "artifacts"));
            executor.run(tests.get(0), artifacts);
            assertThat(artifacts.files().resolve("output.txt")).hasContent("first\nown\n");
        }
    }

    @Test
    void anErrorInALibraryNamesTheTestAndAllLibrariesBetween() throws Exception {
        library("first", "/one:\n  require: library(gone/one)\n");
        repository.write("tests/main.fmf", "/a:\n  test: pwd\n  require: library(first/one)\n");
        FmfDiscovery discovery = discovery().withLibraryUrl("file://" + directory.resolve("libraries"));
        fails(
                discovery,
                FmfException.Kind.FETCH,
                "The test /tests/a",
                "main.fmf",
                "library(first/one), which requires the library library(gone/one)");
        repository.write("tests/main.fmf", "/a:\n  test: pwd\n  require: library(first/two)\n");
        fails(discovery, FmfException.Kind.REFERENCE, "The test /tests/a", "/two");
        repository.write("tests/main.fmf", "/a:\n  test: pwd\n  require: {type: library, nick: x, name: /gone}\n");
        fails(discovery, FmfException.Kind.REFERENCE, "The test /tests/a", "/gone");
        repository.write("tests/main.fmf", "/a:\n  test: pwd\n  require: {type: other}\n");
        fails(discovery, FmfException.Kind.REFERENCE, "The test /tests/a", "'other'");
        repository.write(
                "tests/main.fmf", "/a:\n  test: pwd\n  require: {type: library, url: x, nick: ../up, name: /x}\n");
        fails(discovery, FmfException.Kind.REFERENCE, "../up");
    }

    @Test
    void twoLibrariesMustNotHaveTheSameDirectory() throws Exception {
        String first = library("a/same", "/one:\n  summary: x\n").url();
        String second = library("b/same", "/one:\n  summary: x\n").url();
        repository.write(
                "tests/main.fmf",
                "/a:\n  test: pwd\n  require:\n  - {url: '" + first + "', name: /one}\n  - {url: '" + second
                        + "', name: /one}\n");
        fails(discovery(), FmfException.Kind.REFERENCE, "libs/same", "nick");
    }

    @Test
    void librariesCanBeIgnored() throws Exception {
        repository.write(
                "tests/main.fmf", "/a:\n  test: pwd\n  require: [bash, library(no/one), {type: library, url: x}]\n");
        FmfTests tests = discovery().withoutLibraries().discover();
        assertThat(tests.get(0).requires()).containsExactly("bash");
        assertThat(tests.sources()).hasSize(1);
    }

    @Test
    void aRecommendedLibraryMayBeMissing() throws Exception {
        assertThat(required("recommend: [vim, library(gone/one)]").recommends()).containsExactly("vim");
    }
}
