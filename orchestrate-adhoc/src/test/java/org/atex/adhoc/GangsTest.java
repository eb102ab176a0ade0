package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.atex.adhoc.Simulator.Supplies;
import org.atex.api.After;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.MultihostTest;
import org.atex.api.Need;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;

/** Tests on several systems at once start together, and are neither starved nor in each other's way. */
class GangsTest {
    private static final Duration TAKES = Duration.ofSeconds(10);
    private static final PlainTest ROLE = TestCase.named("role");

    private static MultihostTest pair(String name) {
        return MultihostTest.named(name).withRole("server", ROLE).withRole("client", ROLE);
    }

    private static List<TestCase> with(TestCase test, int others) {
        List<TestCase> tests = new ArrayList<>();
        IntStream.range(0, others).forEach(i -> tests.add(TestCase.named("/t" + i)));
        tests.add(test);
        return tests;
    }

    private static Simulation passing(List<TestCase> tests, Simulation.Given rules) {
        return simulation(tests, rules, (test, attempt) -> TestEnd.exited(0));
    }

    private static Simulation simulation(
            List<TestCase> tests, Simulation.Given rules, BiFunction<TestCase, Integer, TestEnd> ends) {
        return new Simulation(tests, 1, rules, provisioner -> Simulation.plain(), ends, test -> TAKES);
    }

    private static Supplies.Machine system(String arch) {
        return new Supplies.Machine(Map.of("arch", arch), 1, Duration.ZERO, Duration.ZERO, null);
    }

    private static TestEnd end(Outcome outcome) {
        return TestEnd.of(outcome, null);
    }

    @Test
    void allMembersStartAtOnceOnSystemsOfTheirOwn() {
        Simulation simulation = passing(List.of(pair("/pair")), Simulation.rules());

        assertThat(simulation.run()).as("both at the same time").isEqualTo(TAKES);

        assertThat(simulation.started).containsExactly("/pair (server)", "/pair (client)");
        assertThat(simulation.systemsUsed).isEqualTo(2);
        assertThat(simulation.concluded.get("/pair").outcome()).isEqualTo(Outcome.PASSED);
    }

    @Test
    void smallerTestsDoNotOvertake() {
        MultihostTest three = MultihostTest.named("/three").withRole("node", 3, ROLE);
        Random random = new Random(17);
        for (DestructionPolicy policy : List.of(DestructionPolicy.declared(), DestructionPolicy.always())) {
            Simulation simulation = new Simulation(
                    with(three.withPlan(plan -> plan.withPriority(1)), 60),
                    1,
                    Simulation.rules().withMaxSystems(3).withDestruction(policy),
                    provisioner ->
                            new Supplies.Machine(Map.of(), 1, Duration.ofMillis(random.nextInt(5000)), TAKES, null),
                    (test, attempt) -> TestEnd.exited(0),
                    test -> Duration.ofSeconds(5 + random.nextInt(10)));

            simulation.run();

            assertThat(simulation.started.indexOf("/three (node-1)"))
                    .as("tests before the first one in the order, with %s", policy)
                    .isLessThanOrEqualTo(3);
        }
    }

    @Test
    void testsOfHigherPriorityAreFirst() {
        List<TestCase> tests = new ArrayList<>(List.of(pair("/pair")));
        IntStream.range(0, 10).forEach(i -> tests.add(TestCase.named("/t" + i).withPriority(1)));
        Simulation simulation = passing(tests, Simulation.rules().withMaxSystems(2));

        simulation.run();

        assertThat(simulation.started.subList(10, 12)).containsExactly("/pair (server)", "/pair (client)");
    }

    @Test
    void rareSystemGoesToTheRoleThatNeedsIt() {
        MultihostTest test = MultihostTest.named("/mixed")
                .withRole("any", 2, ROLE)
                .withRole("arm", ROLE.withNeed(Need.of("arch", "aarch64")));
        List<String> archs = new ArrayList<>(List.of("aarch64", "x86_64", "x86_64"));
        Simulation simulation = new Simulation(
                List.of(test),
                1,
                Simulation.rules().withMaxSystems(3),
                provisioner -> system(archs.isEmpty() ? "x86_64" : archs.removeFirst()),
                (member, attempt) -> TestEnd.exited(0),
                member -> TAKES);

        simulation.run();

        assertThat(simulation.concluded.get("/mixed").outcome()).isEqualTo(Outcome.PASSED);
    }

    @Test
    void twoOfThemNeverWaitForEachOther() {
        List<TestCase> tests = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            String arch = i % 2 == 0 ? "x86_64" : "aarch64";
            tests.add(MultihostTest.named("/m" + i).withRole("node", 3, ROLE.withNeed(Need.of("arch", arch))));
        }
        Random random = new Random(17);
        Simulation simulation = new Simulation(
                tests,
                2,
                Simulation.rules()
                        .withMaxSystems(3)
                        .withTerms(provisioner -> new Supply.Terms(
                                Map.of("arch", provisioner == 0 ? "x86_64" : "aarch64"),
                                0,
                                Integer.MAX_VALUE,
                                0,
                                null)),
                provisioner -> new Supplies.Machine(
                        Map.of("arch", provisioner == 0 ? "x86_64" : "aarch64"),
                        1,
                        Duration.ofMillis(random.nextInt(5000)),
                        Duration.ZERO,
                        null),
                (test, attempt) -> TestEnd.exited(0),
                test -> TAKES);

        simulation.run();

        assertThat(simulation.concluded.values()).allMatch(end -> end.outcome() == Outcome.PASSED);
        assertThat(simulation.systemsUsed)
                .as("systems are exchanged once or so for each kind, not for each test")
                .isLessThan(10);
    }

    @Test
    void testThatGetsTooFewSystemsIsGivenUpAndOthersRun() {
        int[] left = {2};
        Simulation simulation = new Simulation(
                with(MultihostTest.named("/three").withRole("node", 3, ROLE), 5),
                1,
                Simulation.rules(),
                provisioner -> left[0]-- > 0 ? Simulation.plain() : new Supplies.Exhausted(),
                (test, attempt) -> TestEnd.exited(0),
                test -> TAKES);

        simulation.run();

        TestEnd end = simulation.concluded.remove("/three");
        assertThat(end.outcome()).isEqualTo(Outcome.NOT_RUN);
        assertThat(end.note())
                .contains("3 systems at once, without one for node-")
                .contains("no more");
        assertThat(simulation.concluded.values()).allMatch(other -> other.outcome() == Outcome.PASSED);
    }

    @Test
    void firstFailureEndsTheOthers() {
        BiFunction<TestCase, Integer, TestEnd> ends =
                (test, attempt) -> test.name().contains("server") ? end(Outcome.FAILED) : TestEnd.exited(0);
        Simulation ending = simulation(List.of(pair("/pair")), Simulation.rules(), ends);
        ending.takesOn = (test, host) -> test.name().contains("server") ? TAKES : TAKES.multipliedBy(100);
        assertThat(ending.run()).as("the client does not wait for its end").isEqualTo(TAKES);
        assertThat(ending.concluded.get("/pair")).isEqualTo(new TestEnd(Outcome.FAILED, null, "server: failed", true));

        Simulation going = simulation(List.of(pair("/pair").withOneFailureEndsAll(false)), Simulation.rules(), ends);
        going.takesOn = ending.takesOn;
        assertThat(going.run()).as("the client goes on").isEqualTo(TAKES.multipliedBy(100));
        assertThat(going.concluded.get("/pair").outcome()).isEqualTo(Outcome.FAILED);
    }

    @Test
    void itIsRunAgainAsAWholeOnFreshSystems() {
        Simulation simulation = simulation(
                List.of(pair("/pair")),
                Simulation.rules()
                        .withMaxSystems(2)
                        .withReruns(
                                RerunPolicy.maxReruns(1).with(Rerun.inOrder().onFreshSystem())),
                (test, attempt) ->
                        attempt == 1 && test.name().contains("client") ? end(Outcome.FAILED) : end(Outcome.PASSED));

        simulation.run();

        assertThat(simulation.started)
                .containsExactly("/pair (server)", "/pair (client)", "/pair (server)", "/pair (client)");
        assertThat(simulation.concluded.get("/pair").outcome()).isEqualTo(Outcome.PASSED);
    }

    @Test
    void lossExplainsTheFailureOfTheOther() {
        TestEnd end = Gang.end(new LinkedHashMap<>(Map.of("client", end(Outcome.FAILED), "server", end(Outcome.LOST))));

        assertThat(end.outcome()).isEqualTo(Outcome.LOST);
        assertThat(end.systemUsable()).isFalse();
        assertThat(end.note()).contains("server: was lost").contains("client: failed");
    }

    @Test
    void locksOfAllRolesAreHeldOnce() {
        TestLock database = TestLock.exclusive("database");
        MultihostTest test = MultihostTest.named("/pair")
                .withRole("server", ROLE.withLock(database))
                .withRole("client", ROLE.withLock(database));
        Simulation simulation = passing(
                List.of(
                        TestCase.named("/before").withLock(database).withPriority(1),
                        test,
                        TestCase.named("/alone").withLock(TestLock.exclusive(TestLock.EVERYTHING))),
                Simulation.rules());

        assertThat(simulation.run()).as("one after the other").isEqualTo(TAKES.multipliedBy(3));
    }

    @Test
    void destructiveMembersHaveTheirSystemAlone() {
        MultihostTest test = MultihostTest.named("/pair")
                .withPlan(plan -> plan.withDestructive(true).withPriority(1))
                .withRole("node", 2, ROLE);
        Random random = new Random(17);
        Simulation simulation = new Simulation(
                with(test, 200),
                1,
                Simulation.rules().withMaxSystems(2),
                provisioner -> new Supplies.Machine(Map.of(), 4, Duration.ofMillis(random.nextInt(1000)), TAKES, null),
                (member, attempt) -> TestEnd.exited(0),
                member -> Duration.ofSeconds(1 + random.nextInt(20)));

        simulation.run();

        assertThat(simulation.started.indexOf("/pair (node-1)"))
                .as("small tests in four slots do not overtake it again and again")
                .isLessThan(20);
    }

    private static MultihostTest arm(String name) {
        return MultihostTest.named(name)
                .withRole("any", ROLE)
                .withRole("arm", ROLE.withNeed(Need.of("arch", "aarch64")));
    }

    /** Systems must not be provisioned again and again for tests that never get all that they need. */
    @Test
    void testsWithoutASuitableSystemEnd() {
        List<TestCase> tests = new ArrayList<>();
        IntStream.range(0, 2000).forEach(i -> tests.add(arm("/m" + i)));
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(4),
                provisioner -> system("x86_64"),
                (test, attempt) -> TestEnd.exited(0),
                test -> TAKES);

        simulation.run();

        assertThat(simulation.systemsUsed).isLessThan(50);
        assertThat(simulation.concluded.get("/m7").note()).contains("2 systems at once, without one for arm");
    }

    @Test
    void testsEndWhoseSystemsExpireBeforeThereAreEnough() {
        PlainTest role = ROLE.withLimit(Duration.ofMinutes(20));
        Simulation simulation = new Simulation(
                List.of(MultihostTest.named("/three").withRole("node", 3, role)),
                1,
                Simulation.rules().withRampUp(Duration.ofMinutes(15)),
                provisioner -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ZERO, Duration.ofMinutes(30)),
                (test, attempt) -> TestEnd.exited(0),
                test -> TAKES);

        simulation.run();

        assertThat(simulation.systemsUsed).isLessThan(50);
        assertThat(simulation.concluded.get("/three").note()).contains("3 systems at once", "given back");
    }

    @Test
    void systemsAreKeptWhileOthersAreBeingReplaced() {
        TestCase three = MultihostTest.named("/three")
                .withPlan(plan -> plan.withPriority(1).withAfter(After.endOf("/t0")))
                .withRole("node", 3, ROLE);
        Simulation simulation = new Simulation(
                with(three, 300),
                1,
                Simulation.rules().withMaxSystems(3).withDestruction(DestructionPolicy.always()),
                provisioner -> new Supplies.Machine(Map.of(), 1, Duration.ZERO, Duration.ofMinutes(1), null),
                (test, attempt) -> TestEnd.exited(0),
                test -> Duration.ofSeconds(1 + test.name().hashCode() % 3));

        simulation.run();

        assertThat(simulation.started.indexOf("/three (node-1)")).isLessThan(20);
    }

    @Test
    void claimsOfLaterTestsDoNotKeepItFromStarting() {
        List<TestCase> tests = new ArrayList<>();
        tests.add(TestCase.named("/first").withPriority(2));
        IntStream.range(0, 100).forEach(i -> tests.add(TestCase.named("/t" + i).withDestructive(i % 2 == 0)));
        tests.add(pair("/pair").withPlan(plan -> plan.withPriority(1).withAfter(After.endOf("/first"))));
        Random random = new Random(17);
        Simulation simulation = new Simulation(
                tests,
                1,
                Simulation.rules().withMaxSystems(2),
                provisioner -> new Supplies.Machine(Map.of(), 4, Duration.ZERO, Duration.ZERO, null),
                (test, attempt) -> TestEnd.exited(0),
                test -> Duration.ofSeconds(1 + random.nextInt(10)));

        simulation.run();

        assertThat(simulation.started.indexOf("/pair (server)")).isLessThan(30);
    }

    @Test
    void heldSystemsAreFreedIfItLacksThem() {
        List<TestCase> tests = List.of(
                TestCase.named("/a").withPriority(1),
                TestCase.named("/b").withPriority(1),
                MultihostTest.named("/three").withRole("node", 3, ROLE));
        Simulation simulation = simulation(
                tests,
                Simulation.rules().withMaxSystems(3).withHolds(2, Duration.ofHours(8)),
                (test, attempt) -> test.name().length() == 2 ? end(Outcome.FAILED) : TestEnd.exited(0));

        assertThat(simulation.run()).isLessThan(Duration.ofMinutes(1));
        assertThat(simulation.concluded.get("/three").outcome()).isEqualTo(Outcome.PASSED);
    }

    private static AdHocOrchestrator.Builder run(TestCase test, FakeProvisioner systems) {
        return AdHocOrchestrator.builder(List.of(test))
                .on(systems)
                .with(FakeExecutors.passing(Duration.ofMillis(1)))
                .into(RecordingAggregator.create());
    }

    @Test
    void whatCanNeverRunIsRefusedBeforeTheRun() {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready().withLabels(Map.of("arch", "x86_64")))) {
            assertThatThrownBy(() -> run(pair("/pair"), systems).maxSystems(1).build())
                    .hasMessage("the test /pair needs 2 systems at once, but the run may have at most 1 (maxSystems)");
            assertThatThrownBy(() -> AdHocOrchestrator.builder(List.of(pair("/pair")))
                            .on(Source.of(systems).withMaxSystems(1))
                            .with(FakeExecutors.passing(Duration.ofMillis(1)))
                            .into(RecordingAggregator.create())
                            .build())
                    .hasMessage("the test /pair needs 2 systems at once, but the provisioners may have at most 1"
                            + " (Source.withMaxSystems)");
            TestCase arm = pair("/pair").withRole("arm", ROLE.withNeed(Need.of("arch", "aarch64")));
            assertThatThrownBy(() -> run(arm, systems).build())
                    .hasMessageStartingWith("the test /pair (arm) needs a system with arch=aarch64");
            TestCase serial = pair("/pair").withPlan(plan -> plan.withGroup("upgrade"));
            assertThatThrownBy(() -> run(serial, systems)
                            .group(TestGroup.serial("upgrade"))
                            .build())
                    .hasMessageContaining("its tests run on one system, but /pair runs on several");
            TestCase mixed = pair("/pair").withRole("arm", ROLE.withNeed(Need.of("distro", "fedora")));
            assertThatThrownBy(() -> AdHocOrchestrator.builder(List.of(mixed))
                            .on(Source.of(systems).withMaxSystems(2))
                            .with(FakeExecutors.passing(Duration.ofMillis(1)))
                            .into(RecordingAggregator.create())
                            .build())
                    .hasMessageContaining("needs 3 systems at once, but the provisioners may have at most 2");
            assertThatThrownBy(() -> pair("/pair").withRole("inner", pair("/other")))
                    .hasMessageContaining("runs on several systems itself");
            assertThatThrownBy(() -> pair("/pair").withRole("a.b", ROLE).withRole("a-b", ROLE))
                    .hasMessageContaining("ATEX_HOSTS_A_B");
            assertThatThrownBy(() -> pair("/pair").withRole("x".repeat(65), ROLE))
                    .hasMessageContaining("at most 64");
            assertThatThrownBy(() -> pair("/pair").withRole("client", ROLE))
                    .hasMessageStartingWith("the role client of the test /pair has a name that another role");
        }
    }

    @Test
    void testWithoutRolesCannotRun() throws Exception {
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run =
                        run(MultihostTest.named("/none"), systems).build()) {
            TestEnd end = run.run().tests().getFirst().end();

            assertThat(end.outcome()).isEqualTo(Outcome.ERROR);
            assertThat(end.note()).contains("has no roles: add them by MultihostTest.withRole");
        }
    }

    @Test
    void recordHasAPartForEachSystem() throws Exception {
        RecordingAggregator results = RecordingAggregator.create();
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(MultihostTest.named("/mixed")
                                .withOneFailureEndsAll(false)
                                .withRole("good", TestCase.named("good"))
                                .withRole("bad", 2, TestCase.named("bad"))))
                        .on(systems)
                        .with(FakeExecutors.running(Map.of("bad", FakeRun.failing(Duration.ofMillis(1)))))
                        .into(results)
                        .build()) {
            RunSummary summary = run.run();

            assertThat(summary.tests().getFirst().excerpt().parts())
                    .extracting(part -> part.name())
                    .containsExactlyInAnyOrder("bad-1", "bad-2");
        }
        assertThat(results.records()).hasSize(1);
        assertThat(results.entries().getFirst().results())
                .hasSize(4)
                .anyMatch(line -> line.contains("\"name\":\"good\""))
                .anyMatch(line -> line.contains("\"name\":\"bad-2\""))
                .last()
                .asString()
                .doesNotContain("name");
    }

    /** Runs a pair: the client fails, and the server ends as the function says when it is interrupted. */
    private static RecordingAggregator.Entry failingClient(Executor server) throws Exception {
        RecordingAggregator results = RecordingAggregator.create();
        CountDownLatch serves = new CountDownLatch(1);
        Executor.Factory executors = system -> new Executor() {
            @Override
            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                if (test.name().equals("client")) {
                    serves.await();
                    return TestEnd.of(Outcome.FAILED, "assertion X");
                }
                serves.countDown();
                return server.run(test, into);
            }

            @Override
            public void close() {}
        };
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(MultihostTest.named("/pair")
                                .withRole("server", TestCase.named("server"))
                                .withRole("client", TestCase.named("client"))))
                        .on(systems)
                        .with(executors)
                        .into(results)
                        .build()) {
            var unused = run.run();
        }
        return results.entries().getFirst();
    }

    private interface Ending {
        TestEnd end() throws InterruptedException;
    }

    private static Executor interrupted(Ending then) {
        return new Executor() {
            @Override
            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    return then.end();
                }
                return TestEnd.exited(0);
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void theWayInWhichACancelledMemberEndsIsNoCause() throws Exception {
        List<Executor> servers = List.of(
                interrupted(() -> {
                    throw new InterruptedException("as it should");
                }),
                interrupted(() -> TestEnd.of(Outcome.FAILED, "interrupted")),
                interrupted(() -> {
                    throw new IllegalStateException("interrupted");
                }));
        for (Executor server : servers) {
            RecordingAggregator.Entry entry = failingClient(server);

            assertThat(entry.record().end().outcome()).isEqualTo(Outcome.FAILED);
            assertThat(entry.record().end().note()).isEqualTo("client: assertion X");
            assertThat(entry.results())
                    .as("a part says why the server was cancelled")
                    .anyMatch(line -> line.contains("\"server\"") && line.contains("cancelled: client: assertion X"));
        }
    }

    @Test
    void invalidResultsOfAMemberAreKeptAndNamed() throws Exception {
        RecordingAggregator results = RecordingAggregator.create();
        try (FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
                AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(pair("/pair")))
                        .on(systems)
                        .with(Runs.reporting("{\"status\":\"pass\"}\nnot json\n"))
                        .into(results)
                        .build()) {
            RunSummary summary = run.run();

            assertThat(summary.exitCode())
                    .as("exit code of results that were not stored")
                    .isEqualTo(4);
            assertThat(summary.problems())
                    .hasSize(2)
                    .allSatisfy(
                            problem -> assertThat(problem.message()).contains("/pair (", "its results are invalid"));
        }
        assertThat(results.entries().getFirst().files())
                .containsOnlyKeys("server/results.invalid", "client/results.invalid");
    }
}
