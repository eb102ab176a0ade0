package org.atex.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.atex.adhoc.AdHocOrchestrator;
import org.atex.adhoc.RerunPolicy;
import org.atex.api.After;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.Problem;
import org.atex.api.RunSummary;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestSource;
import org.atex.api.TestSummary;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.atex.testkit.RecordingAggregator;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.IncompleteExecutionException;
import org.opentest4j.TestAbortedException;

/** A run is shown as dynamic tests, of which each ends like the test that it shows. */
@Timeout(180)
@ExtendWith(LeakCheck.class)
class DynamicRunTest {
    private static final String PASSED = "passed";

    private final DynamicRun junit = DynamicRun.create();
    private final AtomicInteger closed = new AtomicInteger();

    private static FakeRun run(TestCase test) {
        return switch (test.name()) {
            case "/fails", "/known" -> FakeRun.failing(Duration.ZERO);
            case "/lost" -> FakeRun.ending(Duration.ZERO, Outcome.LOST);
            case "/skipped" -> FakeRun.ending(Duration.ZERO, Outcome.SKIPPED);
            case "/endless" -> FakeRun.endless();
            default -> FakeRun.passing(Duration.ZERO);
        };
    }

    private AdHocOrchestrator.Builder builder(FakeProvisioner systems, PlainTest... tests) {
        return AdHocOrchestrator.builder(List.of(tests))
                .on(systems)
                .with(FakeExecutors.running(DynamicRunTest::run))
                .into(RecordingAggregator.create())
                .listener(junit);
    }

    private static String end(DynamicTest test) {
        try {
            test.getExecutable().execute();
            return PASSED;
        } catch (Throwable e) {
            return e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }

    /** Runs all tests as JUnit does, and returns how each ended. */
    private static Map<String, String> ends(Stream<DynamicTest> tests) {
        Map<String, String> ends = new LinkedHashMap<>();
        try (tests) {
            tests.forEach(test -> ends.put(test.getDisplayName(), end(test)));
        }
        return ends;
    }

    @Test
    void dynamicTestEndsLikeTheTestOfTheRun() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        Map<String, String> ends = ends(junit.tests(
                builder(
                                systems,
                                TestCase.named("/passes"),
                                TestCase.named("/fails"),
                                TestCase.named("/known"),
                                TestCase.named("/lost"),
                                TestCase.named("/skipped"),
                                TestCase.named("/needs").withAfter(After.passOf("/fails")))
                        .reruns(RerunPolicy.maxReruns(1, Outcome.FAILED))
                        .known(KnownFailure.of("/known", "me", LocalDate.MAX, "it is old"))
                        .build(),
                systems));
        assertThat(ends).containsEntry("/passes", PASSED);
        assertThat(ends.get("/fails"))
                .startsWith(AssertionFailedError.class.getSimpleName() + ": exit code 1\n  failed on ")
                .contains(", attempt 2");
        assertThat(ends.get("/known"))
                .startsWith(TestAbortedException.class.getSimpleName())
                .contains("it is old", "exit code 1");
        assertThat(ends.get("/lost"))
                .startsWith(IncompleteExecutionException.class.getSimpleName())
                .contains("infrastructure: ");
        assertThat(ends.get("/skipped")).startsWith(TestAbortedException.class.getSimpleName());
        assertThat(ends.get("/needs"))
                .startsWith(TestAbortedException.class.getSimpleName())
                .contains("/fails");
        assertThat(ends.get(DynamicRun.RUN)).as("the tests show all failures").isEqualTo(PASSED);
        assertThat(ends.keySet()).last().isEqualTo(DynamicRun.RUN);
        assertThat(ends).hasSize(7);
    }

    @Test
    void runWithoutProblemsPasses() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        Stream<DynamicTest> tests =
                junit.tests(builder(systems, TestCase.named("/passes")).build(), systems);
        assertThat(ends(tests))
                .hasSize(2)
                .allSatisfy((name, end) -> assertThat(end).as(name).isEqualTo(PASSED));
    }

    @Test
    void testIsShownWhileOthersRunAndClosingTheStreamEndsThem() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready()).maxSystems(2);
        try (Stream<DynamicTest> tests = junit.tests(
                builder(systems, TestCase.named("/passes"), TestCase.named("/endless"))
                        .build(),
                closed::incrementAndGet,
                systems)) {
            Iterator<DynamicTest> each = tests.iterator();
            assertThat(each.next().getDisplayName()).isEqualTo("/passes");
            assertThat(closed).hasValue(0);
        }
        assertThat(closed).as("resources are closed").hasValue(1);
    }

    @Test
    void runThatNobodyAsksForDoesNotStart() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        junit.tests(builder(systems, TestCase.named("/endless")).build(), systems)
                .close();
    }

    @Test
    void runWithoutTheListenerShowsAllTestsAtItsEnd() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        DynamicRun other = DynamicRun.create();
        Stream<DynamicTest> tests =
                other.tests(builder(systems, TestCase.named("/fails")).build(), systems);
        assertThat(ends(tests).get("/fails")).contains("exit code 1");
    }

    @Test
    void runThatThrowsFails() throws Exception {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        AdHocOrchestrator run = builder(systems, TestCase.named("/passes")).build();
        var unused = run.run();
        assertThat(ends(junit.tests(run, systems)).get(DynamicRun.RUN)).startsWith("IllegalStateException");
    }

    @Test
    void problemsOfTheRunAndTestsThatDidNotRunFailIt() {
        TestSummary notRun =
                TestSummary.of(TestCase.named("/waits"), TestEnd.of(Outcome.NOT_RUN, "there is no system"), List.of());
        List<Problem> problems =
                List.of(Problem.infrastructure("no machine is free"), Problem.overcome("a machine was slow"));
        EndedRun run = new EndedRun(new RunSummary(List.of(notRun), problems, Duration.ZERO), null);
        assertThatThrownBy(run::check)
                .isInstanceOf(IncompleteExecutionException.class)
                .hasMessage("no machine is free\n1 test did not run: /waits");
        assertThat(end(DynamicTest.dynamicTest("a", EndedTest.of(notRun)::check)))
                .isEqualTo("TestAbortedException: not run: there is no system");
    }

    @Test
    void interruptEndsTheRun() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        try (Stream<DynamicTest> tests =
                junit.tests(builder(systems, TestCase.named("/endless")).build(), systems)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> tests.iterator().next())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).as("the interrupt stays").isTrue();
        }
    }

    @Test
    void namesAndSourcesCanBeGiven() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        Path root = Path.of("/tree");
        junit.names(record -> record.name() + " on " + record.platform()).sources(root);
        PlainTest test = TestCase.named("/passes").withSource(new TestSource("dir/main.fmf", 3));
        try (Stream<DynamicTest> tests = junit.tests(builder(systems, test).build(), systems)) {
            DynamicTest first = tests.iterator().next();
            assertThat(first.getDisplayName()).isEqualTo("/passes on default");
            assertThat(first.getTestSourceUri()).contains(URI.create("file:///tree/dir/main.fmf?line=3"));
        }
    }

    @Test
    void listenerIsForOneRun() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        AdHocOrchestrator run = builder(systems, TestCase.named("/passes")).build();
        try (Stream<DynamicTest> unused = junit.tests(run, systems)) {
            assertThatThrownBy(() -> junit.tests(run))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("create one for each run");
        }
    }

    @Test
    void resourceThatDoesNotCloseIsNamedAndOthersAreClosed() {
        FakeProvisioner systems = FakeProvisioner.of(FakeSystem.ready());
        AutoCloseable bad = new AutoCloseable() {
            @Override
            public void close() throws Exception {
                throw new Exception("it is stuck");
            }

            @Override
            public String toString() {
                return "the resource";
            }
        };
        Stream<DynamicTest> tests =
                junit.tests(builder(systems, TestCase.named("/passes")).build(), closed::incrementAndGet, bad, systems);
        assertThatThrownBy(tests::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("could not close the resource: it is stuck");
        assertThat(closed).hasValue(1);
    }

    @Test
    void textOfTestsHasNoControlCharacters() {
        assertThat(EndedTest.printable("a\u001b[31m\u0000\ud800b\n")).isEqualTo("a\ufffd[31m\ufffd\ufffdb\ufffd");
    }
}
