package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.adhoc.CulpritSearch.Finding;
import org.atex.adhoc.CulpritSearch.Report;
import org.atex.adhoc.CulpritSearch.Trial;
import org.atex.api.After;
import org.atex.api.MultihostTest;
import org.atex.api.Outcome;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeRun;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(300)
@ExtendWith(LeakCheck.class)
class CulpritSearchTest {
    private static final String VICTIM = "/victim";

    private final FakeProvisioner systems =
            FakeProvisioner.of(FakeSystem.ready().withSlots(3).withReset());

    /** The tests that ran on the current system, in order. */
    private final List<String> ran = Collections.synchronizedList(new ArrayList<>());

    private Predicate<List<String>> isBroken = before -> false;
    private Outcome ofBreaker = Outcome.LOST;

    @AfterEach
    void allSystemsAreReleased() {
        assertThat(systems.openNow()).as("systems that are not released").isZero();
        systems.close();
    }

    private FakeRun run(TestCase test) {
        if (test.name().equals("/endless")) {
            return FakeRun.endless();
        }
        boolean broken = test.name().equals(VICTIM) && isBroken.test(List.copyOf(ran));
        ran.add(test.name());
        return test.name().equals("/breaker")
                ? FakeRun.ending(Duration.ZERO, ofBreaker)
                : broken ? FakeRun.failing(Duration.ZERO) : FakeRun.passing(Duration.ZERO);
    }

    private CulpritSearch search() {
        FakeExecutors executors = FakeExecutors.running(this::run).withSetup(connection -> ran.clear());
        return CulpritSearch.by(
                tests -> AdHocOrchestrator.builder(tests).on(systems).with(executors));
    }

    private static List<String> names(int count) {
        return IntStream.range(0, count).mapToObj(i -> "/t" + i).toList();
    }

    private static List<PlainTest> tests(List<String> names) {
        return Stream.concat(names.stream(), Stream.of(VICTIM))
                .map(TestCase::named)
                .toList();
    }

    private Report find(List<String> predecessors) throws InterruptedException {
        return search().find(tests(predecessors), VICTIM, predecessors);
    }

    @ParameterizedTest
    @CsvSource({"1,0", "2,0", "2,1", "7,0", "7,3", "7,6", "16,0", "16,9", "16,15"})
    void culpritIsFound(int count, int culprit) throws Exception {
        isBroken = before -> before.contains("/t" + culprit);

        Report report = find(names(count));

        assertThat(report.finding()).isEqualTo(Finding.FOUND);
        assertThat(report.culprit()).isEqualTo("/t" + culprit);
        int log = 32 - Integer.numberOfLeadingZeros(count - 1);
        assertThat(report.trials())
                .as("trials: alone, after all, and one for each halving, and one for the last")
                .hasSizeLessThanOrEqualTo(log + 3);
        assertThat(report.trials())
                .as("the culprit alone is among them")
                .contains(new Trial(List.of("/t" + culprit), Outcome.FAILED, ""));
        assertThat(report.toString()).startsWith("/victim fails after /t" + culprit + "\n    alone: PASSED\n");
        assertThat(systems.handedOut()).as("one system for each trial").hasSameSizeAs(report.trials());
    }

    @Test
    void testsRunInOrderWithoutGroupsPrioritiesAndResets() throws Exception {
        List<List<String>> orders = Collections.synchronizedList(new ArrayList<>());
        isBroken = before -> orders.add(before) && before.equals(List.of("/a", "/b", "/c"));
        List<PlainTest> tests = List.of(
                TestCase.named("/b").withDestructive(true).withGroup("other"),
                TestCase.named("/a").withAfter(After.passOf("/missing")),
                TestCase.named("/c").withPriority(9).withExpected(Duration.ofHours(1)),
                TestCase.named(VICTIM).withPriority(20).withAfter(After.endOf("/c")));

        Report report = search().find(tests, VICTIM, List.of("/a", "/b", "/c"));

        assertThat(report.finding()).isEqualTo(Finding.NO_SINGLE_TEST);
        assertThat(orders)
                .startsWith(List.of(), List.of("/a", "/b", "/c"), List.of("/a"))
                .hasSameSizeAs(report.trials());
        assertThat(systems.handedOut()).allMatch(system -> system.resets() == 0);
    }

    @Test
    void testThatFailsAloneIsNoMatterOfOrder() throws Exception {
        isBroken = before -> true;

        Report report = find(names(16));

        assertThat(report.finding()).isEqualTo(Finding.FAILS_ALONE);
        assertThat(report.culprit()).isNull();
        assertThat(report.trials()).hasSize(1);
        assertThat(report.toString()).contains("fails on a fresh system, too");
    }

    @Test
    void testThatPassesAfterAllIsFlaky() throws Exception {
        Report report = find(names(16));

        assertThat(report.finding()).isEqualTo(Finding.PASSES);
        assertThat(report.trials()).hasSize(2);
    }

    @Test
    void testWithoutPredecessorsRunsOnce() throws Exception {
        assertThat(find(List.of()).finding()).isEqualTo(Finding.PASSES);
        assertThat(systems.handedOut()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"0,1", "0,15", "7,8", "3,12"})
    void twoThatAreNeededTogetherAreNotFound(int one, int other) throws Exception {
        isBroken = before -> before.containsAll(Set.of("/t" + one, "/t" + other));

        Report report = find(names(16));

        assertThat(report.finding()).isEqualTo(Finding.NO_SINGLE_TEST);
        assertThat(report.culprit()).isNull();
        assertThat(report.trials()).hasSizeLessThanOrEqualTo(7);
    }

    @ParameterizedTest
    @CsvSource({"LOST,0", "LOST,5", "LOST,9", "CANCELLED,0"})
    void culpritIsFoundAlthoughAnotherTestBreaksTheSystem(Outcome outcome, int breaker) throws Exception {
        ofBreaker = outcome;
        isBroken = before -> before.contains("/t3");
        List<String> names = new ArrayList<>(names(9));
        names.add(breaker, "/breaker");

        Report report = find(names);

        assertThat(report.finding()).as(report.toString()).isEqualTo(Finding.FOUND);
        assertThat(report.culprit()).isEqualTo("/t3");
    }

    @Test
    void predecessorThatBreaksTheSystemIsNamed() throws Exception {
        Report report = find(List.of("/breaker"));

        assertThat(report.finding()).isEqualTo(Finding.UNDECIDED);
        assertThat(report.note()).contains("/breaker ended as LOST");
        assertThat(report.toString()).contains("could not be examined: after /breaker: no result");
    }

    @Test
    void numberOfTrialsIsLimited() throws Exception {
        isBroken = before -> before.contains("/t3");

        Report report = search().withMaxTrials(3).find(tests(names(16)), VICTIM, names(16));

        assertThat(report.finding()).isEqualTo(Finding.UNDECIDED);
        assertThat(report.trials()).hasSize(3);
        assertThat(report.note()).contains("all of 3 trials have been made");
    }

    @Test
    void timeIsLimited() throws Exception {
        List<String> before = List.of("/endless");

        Report report = search().withSearchWithin(Duration.ofSeconds(2)).find(tests(before), VICTIM, before);

        assertThat(report.finding()).isEqualTo(Finding.UNDECIDED);
        assertThat(report.trials()).hasSize(2);
        assertThat(report.note()).isNotEmpty();
    }

    @Test
    void interruptEndsTheSearchAndReleasesTheSystem() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        isBroken = before -> {
            running.countDown();
            return false;
        };
        List<PlainTest> tests = List.of(TestCase.named("/endless"), TestCase.named(VICTIM));
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                Report unused = search().find(tests, VICTIM, List.of("/endless"));
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        running.await(); // the first trial runs; the second one does not end
        thread.interrupt();
        thread.join();

        assertThat(thrown).hasValueMatching(InterruptedException.class::isInstance);
    }

    @Test
    void systemsThatCannotBeProvisionedLeaveItUndecided() throws Exception {
        try (FakeProvisioner broken = FakeProvisioner.of(FakeSystem.failing("no disk"))) {
            CulpritSearch search = CulpritSearch.by(tests -> AdHocOrchestrator.builder(tests)
                    .on(broken)
                    .with(FakeExecutors.passing(Duration.ZERO))
                    .giveUpAfter(Duration.ofMillis(50)));

            Report report = search.find(tests(names(2)), VICTIM, names(2));

            assertThat(report.finding()).isEqualTo(Finding.UNDECIDED);
            assertThat(report.note()).contains("no disk");
        }
    }

    @Test
    void wrongListsAreRefused() {
        assertThatThrownBy(() -> search().find(tests(names(2)), "/other", names(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("/other is not among the 3 tests");
        assertThatThrownBy(() -> search().find(tests(names(2)), VICTIM, List.of("/t0", "/t9")))
                .hasMessageContaining("/t9 is not among");
        assertThatThrownBy(() -> search().find(tests(names(2)), VICTIM, List.of("/t0", "/t0")))
                .hasMessageContaining("/t0 is listed twice");
        assertThatThrownBy(() -> search().find(tests(names(2)), VICTIM, List.of(VICTIM)))
                .hasMessageContaining("/victim is listed twice");
        List<TestCase> several = List.of(
                TestCase.named(VICTIM), MultihostTest.named("/pair").withRole("one", 2, TestCase.named("/one")));
        assertThatThrownBy(() -> search().find(several, VICTIM, List.of("/pair")))
                .hasMessageContaining("/pair runs on several systems");
        CulpritSearch otherTests = CulpritSearch.by(unused ->
                AdHocOrchestrator.builder(tests(List.of("/x"))).on(systems).with(FakeExecutors.passing(Duration.ZERO)));
        assertThatThrownBy(() -> otherTests.find(tests(names(1)), VICTIM, names(1)))
                .hasMessageContaining(CulpritSearch.class.getSimpleName());
    }
}
