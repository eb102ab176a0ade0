package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.atex.api.Fixture;
import org.atex.api.MultihostTest;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.RunEvent;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.atex.testkit.Call;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** When fixtures are started and finished, and what their users get. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class FixturesTest {
    @TempDir
    private Path directory;

    private final FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
    private final RecordingAggregator results = RecordingAggregator.create();
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());
    private final List<RunEvent> events = Collections.synchronizedList(new ArrayList<>());

    /** A fixture that writes its calls to the log. */
    private class Logged implements Fixture<String> {
        private final String name;
        private final Scope scope;
        private final List<Fixture<?>> uses;

        Logged(String name, Scope scope, Fixture<?>... uses) {
            this.name = name;
            this.scope = scope;
            this.uses = List.of(uses);
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Scope scope() {
            return scope;
        }

        @Override
        public List<Fixture<?>> uses() {
            return uses;
        }

        @Override
        public String start(Context context) throws Exception {
            log.add("start " + name);
            return name
                    + uses.stream().map(used -> " with " + context.value(used)).toList();
        }

        @Override
        public void finish(String value, Context context) throws Exception {
            log.add("finish " + name);
        }

        @Override
        public Map<String, String> environment(String value) {
            return Map.of("FIXTURE_" + name, value);
        }
    }

    private AdHocOrchestrator.Builder builder(List<? extends TestCase> tests, Function<TestCase, FakeRun> runs) {
        return AdHocOrchestrator.builder(tests)
                .on(systems)
                .with(FakeExecutors.running(test -> {
                    log.add("run " + test.name());
                    return runs.apply(test);
                }))
                .into(results)
                .listener(events::add)
                .maxSystems(1)
                .limits(Limits.defaults().withGrace(Duration.ofMillis(50)))
                .workDirectory(directory.resolve("work"));
    }

    private RunSummary run(AdHocOrchestrator.Builder builder) throws InterruptedException {
        try (systems;
                AdHocOrchestrator run = builder.build()) {
            return run.run();
        }
    }

    private static FakeRun passing(TestCase test) {
        return FakeRun.passing(Duration.ZERO);
    }

    @Test
    void fixturesOfAllScopesAreStartedAndFinishedInOrder() throws Exception {
        Logged wide = new Logged("wide", Fixture.Scope.RUN);
        Logged system = new Logged("system", Fixture.Scope.SYSTEM, wide);
        Logged group = new Logged("group", Fixture.Scope.GROUP, wide);
        Logged own = new Logged("own", Fixture.Scope.TEST, system);
        List<PlainTest> tests = List.of(
                TestCase.named("/a").withGroup("g").withFixture("own").withFixture("group"),
                TestCase.named("/b").withGroup("g").withFixture("group"),
                TestCase.named("/c").withFixture("own"),
                TestCase.named("/d"));
        RunSummary summary = run(builder(tests, FixturesTest::passing)
                .order(TestOrder.given())
                .fixture(own)
                .fixture(group)
                .fixture(system)
                .fixture(wide));
        assertThat(summary.tests()).allMatch(test -> test.end().outcome() == Outcome.PASSED);
        assertThat(log).hasSize(14);
        assertThat(log)
                .containsSubsequence(
                        "start wide", "start system", "start group", "start own", "run /a", "finish own", "run /b");
        assertThat(log).as("beside the next test").containsSubsequence("run /b", "finish group", "finish wide");
        assertThat(log)
                .containsSubsequence(
                        "run /b", "start own", "run /c", "finish own", "run /d", "finish system", "finish wide");
        assertThat(events.stream().filter(RunEvent.FixtureStarted.class::isInstance))
                .hasSize(5);
        assertThat(events.stream()
                        .filter(RunEvent.FixtureFinished.class::isInstance)
                        .map(event -> ((RunEvent.FixtureFinished) event).problem()))
                .hasSize(5)
                .containsOnly("");
    }

    @Test
    void testsReceiveValuesAndVariables() throws Exception {
        Logged wide = new Logged("wide", Fixture.Scope.RUN);
        Logged own = new Logged("own", Fixture.Scope.TEST, wide);
        CompletableFuture<TestInvocation> received = new CompletableFuture<>();
        run(builder(List.of(TestCase.named("/a").withFixture("own")), test -> {
                    received.complete(TestInvocation.of(test));
                    return FakeRun.passing(Duration.ZERO);
                })
                .fixture(own)
                .fixture(wide));
        TestInvocation test = received.get(10, TimeUnit.SECONDS);
        assertThat(test.value(own)).isEqualTo("own[ with wide[]]");
        assertThat(test.value(wide)).isEqualTo("wide[]");
        assertThat(test.environment()).containsEntry("FIXTURE_own", "own[ with wide[]]");
        Logged other = new Logged("other", Fixture.Scope.RUN);
        assertThatThrownBy(() -> test.value(other))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the test /a has no value of the fixture other");
    }

    @Test
    void failedFixtureOfTheRunFailsItsUsersWithOneCause() throws Exception {
        Fixture<String> broken = new Logged("broken", Fixture.Scope.RUN) {
            @Override
            public String start(Context context) throws Exception {
                super.start(context);
                throw new IllegalStateException("no licence");
            }
        };
        RunSummary summary = run(builder(
                        List.of(
                                TestCase.named("/a").withFixture("broken"),
                                TestCase.named("/b").withFixture("broken"),
                                TestCase.named("/c")),
                        FixturesTest::passing)
                .order(TestOrder.given())
                .reruns(RerunPolicy.maxReruns(3))
                .fixture(broken));
        assertThat(log).containsExactly("start broken", "run /c");
        assertThat(summary.tests().stream().limit(2)).allSatisfy(test -> {
            assertThat(test.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
            assertThat(test.end().note()).isEqualTo("the fixture broken could not be started: no licence");
        });
        assertThat(summary.problems())
                .extracting(Problem::message)
                .containsExactly("the fixture broken could not be started: no licence");
    }

    @Test
    void fixtureOfASystemIsTriedOnAnotherSystem() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Fixture<String> shaky = new Logged("shaky", Fixture.Scope.SYSTEM) {
            @Override
            public String start(Context context) throws Exception {
                String value = super.start(context);
                if (calls.incrementAndGet() == 1) {
                    throw new IllegalStateException("no disk");
                }
                return value + context.remote().name();
            }
        };
        RunSummary summary = run(builder(
                        List.of(
                                TestCase.named("/a").withFixture("shaky"),
                                TestCase.named("/b").withFixture("shaky")),
                        FixturesTest::passing)
                .fixture(shaky));
        assertThat(log).containsExactly("start shaky", "start shaky", "run /a", "run /b", "finish shaky");
        assertThat(summary.tests()).allMatch(test -> test.end().outcome() == Outcome.PASSED);
    }

    @Test
    void fixtureThatFailsOnTwoSystemsFailsItsUsers() throws Exception {
        Fixture<String> broken = new Logged("broken", Fixture.Scope.SYSTEM) {
            @Override
            public String start(Context context) throws Exception {
                super.start(context);
                throw new IllegalStateException("no disk");
            }
        };
        RunSummary summary = run(builder(
                        List.of(
                                TestCase.named("/a").withFixture("broken"),
                                TestCase.named("/b").withFixture("broken"),
                                TestCase.named("/c")),
                        FixturesTest::passing)
                .order(TestOrder.given())
                .fixture(broken));
        assertThat(log).containsExactly("start broken", "start broken", "run /c");
        assertThat(summary.tests().stream().map(test -> test.end().outcome()))
                .containsExactly(Outcome.SETUP_FAILED, Outcome.SETUP_FAILED, Outcome.PASSED);
    }

    @Test
    void otherTestsRunWhileAFixtureIsBeingStarted() throws Exception {
        CountDownLatch ran = new CountDownLatch(1);
        Fixture<String> slow = new Logged("slow", Fixture.Scope.RUN) {
            @Override
            public String start(Context context) throws Exception {
                super.start(context);
                assertThat(ran.await(30, TimeUnit.SECONDS)).as("/c has run").isTrue();
                return "slow";
            }
        };
        RunSummary summary = run(builder(
                        List.of(
                                TestCase.named("/a").withFixture("slow"),
                                TestCase.named("/b").withFixture("slow"),
                                TestCase.named("/c")),
                        test -> {
                            if (test.name().equals("/c")) {
                                ran.countDown();
                            }
                            return FakeRun.passing(Duration.ZERO);
                        })
                .order(TestOrder.given())
                .maxSystems(2)
                .fixture(slow));
        assertThat(log.subList(0, 2)).containsExactlyInAnyOrder("start slow", "run /c");
        assertThat(summary.tests()).allMatch(test -> test.end().outcome() == Outcome.PASSED);
    }

    @Test
    void startedFixturesAreFinishedWhenTheRunIsCancelled() throws Exception {
        for (Stop how : List.of(Stop.CANCEL, Stop.NOW)) {
            log.clear();
            CountDownLatch runs = new CountDownLatch(1);
            try (FakeProvisioner own = FakeProvisioner.of(FakeSystem.ready());
                    AdHocOrchestrator run = AdHocOrchestrator.builder(List.of(
                                    TestCase.named("/a").withFixture("own"),
                                    TestCase.named("/b").withFixture("own")))
                            .on(own)
                            .with(FakeExecutors.running(test -> {
                                runs.countDown();
                                return FakeRun.endless();
                            }))
                            .into(RecordingAggregator.create())
                            .maxSystems(1)
                            .fixture(new Logged("own", Fixture.Scope.TEST, new Logged("system", Fixture.Scope.SYSTEM)))
                            .fixture(new Logged("system", Fixture.Scope.SYSTEM))
                            .build()) {
                CompletableFuture<RunSummary> summary = Runs.begin(run);
                assertThat(runs.await(30, TimeUnit.SECONDS)).isTrue();
                run.stop(how);
                summary.get(30, TimeUnit.SECONDS);
            }
            assertThat(log).as("%s", how).containsExactly("start system", "start own", "finish own", "finish system");
        }
    }

    @Test
    void startThatIsCancelledEndsTheRunInTime() throws Exception {
        CountDownLatch starting = new CountDownLatch(1);
        Fixture<String> endless = new Logged("endless", Fixture.Scope.RUN) {
            @Override
            public String start(Context context) throws Exception {
                starting.countDown();
                Thread.sleep(Duration.ofHours(1));
                return "never";
            }
        };
        try (systems;
                AdHocOrchestrator run = builder(
                                List.of(
                                        TestCase.named("/a").withFixture("endless"),
                                        TestCase.named("/b").withFixture("endless")),
                                FixturesTest::passing)
                        .fixture(endless)
                        .build()) {
            CompletableFuture<RunSummary> summary = Runs.begin(run);
            assertThat(starting.await(30, TimeUnit.SECONDS)).isTrue();
            run.stop(Stop.CANCEL);
            assertThat(summary.get(30, TimeUnit.SECONDS).tests())
                    .allMatch(test -> test.end().outcome() == Outcome.NOT_RUN);
        }
        assertThat(log).isEmpty();
    }

    @Test
    void startThatIgnoresItsLimitFailsAndIsFinishedWhenItReturns() throws Exception {
        CountDownLatch given = new CountDownLatch(1);
        CountDownLatch finished = new CountDownLatch(1);
        Fixture<String> stubborn = new Logged("stubborn", Fixture.Scope.RUN) {
            @Override
            public String start(Context context) {
                boolean interrupted = true;
                while (interrupted) {
                    try {
                        given.await();
                        interrupted = false;
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
                return "late";
            }

            @Override
            public void finish(String value, Context context) {
                finished.countDown();
            }

            @Override
            public Duration limit() {
                return Duration.ofMillis(50);
            }
        };
        RunSummary summary = run(builder(List.of(TestCase.named("/a").withFixture("stubborn")), FixturesTest::passing)
                .fixture(stubborn));
        assertThat(summary.tests().get(0).end().note()).contains("did not return within PT0.05S and was abandoned");
        given.countDown();
        assertThat(finished.await(30, TimeUnit.SECONDS)).as("finished").isTrue();
    }

    @Test
    void failedEndIsAProblemOfTheRun() throws Exception {
        Fixture<String> leaking = new Logged("leaking", Fixture.Scope.RUN) {
            @Override
            public void finish(String value, Context context) {
                throw new IllegalStateException("cannot be dropped");
            }
        };
        RunSummary summary = run(builder(List.of(TestCase.named("/a").withFixture("leaking")), FixturesTest::passing)
                .fixture(leaking));
        assertThat(summary.tests().get(0).end().outcome()).isEqualTo(Outcome.PASSED);
        assertThat(summary.problems())
                .extracting(Problem::message)
                .containsExactly("the fixture leaking was not finished: cannot be dropped");
    }

    @Test
    void contradictionsAreRefusedBeforeTheRun() {
        Logged test = new Logged("test", Fixture.Scope.TEST);
        Logged wide = new Logged("wide", Fixture.Scope.RUN, test);
        Logged group = new Logged("group", Fixture.Scope.GROUP);
        assertRefused("the test /a uses the fixture unknown, which the run does not know", "unknown");
        assertRefused("uses test with the narrower scope TEST", "wide", wide, test);
        assertRefused("two fixtures with the name test", "test", test, test);
        assertRefused("the fixture wide uses test, which the run does not know", "wide", wide);
        assertRefused("with the scope GROUP, but belongs to no group", "group", group);
        Logged first = new Logged("first", Fixture.Scope.RUN) {
            @Override
            public List<Fixture<?>> uses() {
                return List.of(new Logged("second", Scope.RUN));
            }
        };
        Logged second = new Logged("second", Fixture.Scope.RUN, first);
        assertRefused("fixtures use each other: first, which uses second, which uses first", "first", first, second);
        Logged own = new Logged("own", Fixture.Scope.TEST, new Logged("system", Fixture.Scope.SYSTEM));
        AdHocOrchestrator.Builder several = builder(
                        List.of(MultihostTest.named("/m")
                                .withRole("client", 2, TestCase.named("/client").withFixture("own"))),
                        FixturesTest::passing)
                .fixture(own)
                .fixture(own.uses().getFirst());
        assertThatThrownBy(several::build)
                .hasMessageContaining("the fixture own with the scope TEST uses system, which has the scope SYSTEM,"
                        + " but the test /m runs on several systems: give own the scope SYSTEM");
    }

    private static MultihostTest several(String... fixtures) {
        MultihostTest test = MultihostTest.named("/m").withPlan(plan -> plan.withGroup("g"));
        for (String fixture : fixtures) {
            test = test.withPlan(plan -> plan.withFixture(fixture));
        }
        return test.withRole("server", TestCase.named("server").withFixture("only-server"))
                .withRole("client", 2, TestCase.named("client"));
    }

    @Test
    void testOnSeveralSystemsSharesFixturesExceptThoseOfSystems() throws Exception {
        Logged wide = new Logged("wide", Fixture.Scope.RUN);
        Logged system = new Logged("system", Fixture.Scope.SYSTEM, wide) {
            @Override
            public String start(Context context) throws Exception {
                super.start(context);
                return context.remote().name();
            }
        };
        Logged group = new Logged("group", Fixture.Scope.GROUP);
        Logged own = new Logged("own", Fixture.Scope.TEST, wide) {
            @Override
            public String start(Context context) throws Exception {
                assertThatThrownBy(context::remote)
                        .hasMessage("the fixture own of /m has no system, since it is shared by several");
                return super.start(context);
            }
        };
        Logged server = new Logged("only-server", Fixture.Scope.RUN);
        Map<String, TestInvocation> parts = new ConcurrentHashMap<>();
        RunSummary summary = run(builder(List.of(several("system", "group", "own")), test -> {
                    TestInvocation part = TestInvocation.of(test);
                    parts.put(Objects.requireNonNull(part.topology()).self(), part);
                    return FakeRun.passing(Duration.ZERO);
                })
                .maxSystems(3)
                .fixture(own)
                .fixture(group)
                .fixture(system)
                .fixture(server)
                .fixture(wide));

        assertThat(summary.tests()).allMatch(test -> test.end().outcome() == Outcome.PASSED);
        assertThat(log)
                .containsExactlyInAnyOrder(
                        "start wide",
                        "start only-server",
                        "start system",
                        "start system",
                        "start system",
                        "start group",
                        "start own",
                        "run server",
                        "run client",
                        "run client",
                        "finish own",
                        "finish group",
                        "finish system",
                        "finish system",
                        "finish system",
                        "finish only-server",
                        "finish wide");
        assertThat(log.subList(7, 10)).as("in the middle").allMatch(line -> line.startsWith("run "));
        assertThat(log.getFirst() + log.getLast()).contains("start", "finish");
        assertThat(parts).hasSize(3);
        assertThat(parts.values().stream().map(part -> part.value(system)))
                .as("each part has the fixture of its own system")
                .doesNotHaveDuplicates();
        assertThat(parts.values()).allSatisfy(part -> {
            assertThat(part.value(own)).isEqualTo("own[ with wide[]]");
            assertThat(part.environment())
                    .containsEntry("FIXTURE_own", "own[ with wide[]]")
                    .containsEntry("FIXTURE_system", part.value(system))
                    .containsKey("ATEX_HOSTS_CLIENT");
        });
        assertThat(parts.values().stream().filter(part -> part.values().containsKey("only-server")))
                .as("a fixture of a role")
                .hasSize(1);
    }

    @Test
    void noPartStartsIfAFixtureFails() throws Exception {
        Logged wide = new Logged("only-server", Fixture.Scope.RUN);
        Fixture<String> broken = new Logged("broken", Fixture.Scope.TEST) {
            @Override
            public String start(Context context) throws Exception {
                // The parts start their fixtures at the same time, and one of them has only this one.
                Call.eventually("the fixture of the server starts", () -> log.contains("start only-server"));
                super.start(context);
                throw new IllegalStateException("no licence");
            }
        };
        RunSummary summary = run(builder(List.of(several("broken")), FixturesTest::passing)
                .maxSystems(3)
                .fixture(broken)
                .fixture(wide));
        assertThat(summary.tests().getFirst().end())
                .isEqualTo(TestEnd.of(Outcome.SETUP_FAILED, "the fixture broken could not be started: no licence"));
        assertThat(log).containsExactly("start only-server", "start broken", "finish only-server");
    }

    @Test
    void systemWhoseFixtureFailsIsReplacedForATestOnSeveral() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Fixture<String> shaky = new Logged("shaky", Fixture.Scope.SYSTEM) {
            @Override
            public String start(Context context) throws Exception {
                super.start(context);
                if (calls.incrementAndGet() == 1) {
                    throw new IllegalStateException("no disk");
                }
                return context.remote().name();
            }
        };
        RunSummary summary = run(builder(List.of(several("shaky")), FixturesTest::passing)
                .maxSystems(3)
                .fixture(new Logged("only-server", Fixture.Scope.RUN))
                .fixture(shaky));
        assertThat(summary.tests().getFirst().end().outcome()).isEqualTo(Outcome.PASSED);
        assertThat(log.stream().filter("start shaky"::equals)).hasSize(4);
        assertThat(log.stream().filter("finish shaky"::equals)).hasSize(3);
    }

    @Test
    void stopWhileFixturesOfATestOnSeveralSystemsStart() throws Exception {
        List<AdHocOrchestrator> runs = new ArrayList<>();
        Fixture<String> slow = new Logged("slow", Fixture.Scope.SYSTEM) {
            @Override
            public String start(Context context) throws Exception {
                runs.getFirst().stop(Stop.CANCEL, "enough");
                new CountDownLatch(1).await();
                return "never";
            }
        };
        try (systems;
                AdHocOrchestrator run = builder(List.of(several("slow")), FixturesTest::passing)
                        .maxSystems(3)
                        .fixture(new Logged("only-server", Fixture.Scope.RUN))
                        .fixture(slow)
                        .build()) {
            runs.add(run);
            RunSummary summary = run.run();
            assertThat(summary.tests().getFirst().end().outcome()).isEqualTo(Outcome.NOT_RUN);
        }
        assertThat(log).containsExactly("start only-server", "finish only-server");
    }

    private void assertRefused(String why, String used, Fixture<?>... fixtures) {
        AdHocOrchestrator.Builder builder =
                builder(List.of(TestCase.named("/a").withFixture(used)), FixturesTest::passing);
        for (Fixture<?> fixture : fixtures) {
            builder.fixture(fixture);
        }
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }
}
