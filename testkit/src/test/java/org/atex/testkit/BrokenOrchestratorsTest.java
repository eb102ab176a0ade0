package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Executor;
import org.atex.api.Offer;
import org.atex.api.Orchestrator;
import org.atex.api.Outcome;
import org.atex.api.Provisioner;
import org.atex.api.ProvisioningException;
import org.atex.api.Remote;
import org.atex.api.RunSummary;
import org.atex.api.SetupException;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.api.TestSummary;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** For each rule, an orchestrator that violates it: only the test of this rule may fail. */
@Timeout(500)
class BrokenOrchestratorsTest {
    /** The parts from which the contract creates an orchestrator. */
    record Parts(List<TestCase> tests, Provisioner systems, Executor.Factory executors, Aggregator results) {
        Parts withTests(List<TestCase> others) {
            return new Parts(others, systems, executors, results);
        }

        Parts withSystems(Provisioner others) {
            return new Parts(tests, others, executors, results);
        }

        Parts withExecutors(Executor.Factory others) {
            return new Parts(tests, systems, others, results);
        }

        Parts withResults(Aggregator others) {
            return new Parts(tests, systems, executors, others);
        }
    }

    /** The contract of the orchestrator under test. */
    static final class Contract extends OrchestratorContract {
        static Function<Parts, Orchestrator> tested = DelegatingOrchestrator::new;

        @Override
        protected Orchestrator orchestrate(
                List<TestCase> tests, Provisioner systems, Executor.Factory executors, Aggregator results) {
            return tested.apply(new Parts(tests, systems, executors, results));
        }
    }

    @ParameterizedTest
    @MethodSource("broken")
    void onlyTheTestOfItsRuleFails(Broken<Function<Parts, Orchestrator>> broken) {
        Contract.tested = broken.variant();

        broken.assertRejectedBy(Contract.class);
    }

    @Test
    void correctImplementationPasses() {
        Contract.tested = DelegatingOrchestrator::new;

        assertThat(FailedRules.of(Contract.class)).isEmpty();
    }

    static Stream<Broken<Function<Parts, Orchestrator>>> broken() {
        return Stream.of(summaries(), lifecycles(), stops(), failures(), plans())
                .flatMap(Function.identity());
    }

    /** A correct orchestrator, which broken ones extend. */
    private static class DelegatingOrchestrator implements Orchestrator {
        final Orchestrator good;

        DelegatingOrchestrator(Parts parts) {
            good = new SequentialOrchestrator(parts.tests(), parts.systems(), parts.executors(), parts.results());
        }

        @Override
        public RunSummary run() throws InterruptedException {
            return good.run();
        }

        @Override
        public void stop(Stop how) {
            good.stop(how);
        }

        @Override
        public void close() {
            good.close();
        }
    }

    private interface Run {
        RunSummary of(Orchestrator good, Parts parts) throws InterruptedException;
    }

    private static Function<Parts, Orchestrator> running(Run run) {
        return parts -> new DelegatingOrchestrator(parts) {
            @Override
            public RunSummary run() throws InterruptedException {
                return run.of(good, parts);
            }
        };
    }

    private interface Ingestion {
        void of(Aggregator good, TestRecord record, Artifacts artifacts) throws IOException;
    }

    private static Function<Parts, Orchestrator> ingesting(Ingestion ingestion) {
        return parts -> new DelegatingOrchestrator(parts.withResults(new Aggregator() {
            @Override
            public void ingest(TestRecord record, Artifacts artifacts) {
                try {
                    ingestion.of(parts.results(), record, artifacts);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public void close() {
                parts.results().close();
            }
        }));
    }

    private static Stream<Broken<Function<Parts, Orchestrator>>> summaries() {
        return Stream.of(
                Broken.of("o01", running((good, parts) -> {
                    RunSummary summary = good.run();
                    // The worst outcome first.
                    Comparator<TestSummary> byOutcome =
                            Comparator.comparing(test -> test.end().outcome());
                    return new RunSummary(
                            summary.tests().stream()
                                    .sorted(byOutcome.reversed())
                                    .toList(),
                            summary.problems(),
                            summary.took());
                })),
                Broken.of(
                        "o02",
                        ingesting((good, record, artifacts) -> good.ingest(record.withSystem(null, 0), artifacts))),
                Broken.of("o03", running((good, parts) -> {
                    try {
                        return good.run();
                    } finally {
                        parts.results().close();
                    }
                })),
                Broken.of(
                        "o22",
                        ingesting((good, record, artifacts) -> good.ingest(
                                TestRecord.of(record.platform(), record.name(), record.end())
                                        .withAttempt(record.attempt(), record.last())
                                        .withSystem(record.system(), record.slot()),
                                artifacts))));
    }

    private static RunSummary nothing() {
        return new RunSummary(List.of(), List.of(), Duration.ZERO);
    }

    private static Stream<Broken<Function<Parts, Orchestrator>>> lifecycles() {
        return Stream.of(
                Broken.of("o05", parts -> new DelegatingOrchestrator(parts) {
                    private @Nullable RunSummary before;

                    @Override
                    public RunSummary run() throws InterruptedException {
                        before = before == null ? super.run() : before;
                        return before;
                    }
                }),
                Broken.of("o06", parts -> new DelegatingOrchestrator(parts) {
                    private boolean ran;

                    @Override
                    public RunSummary run() throws InterruptedException {
                        try {
                            RunSummary summary = super.run();
                            ran = true;
                            return summary;
                        } catch (IllegalStateException e) {
                            if (ran) {
                                throw e;
                            }
                            return nothing();
                        }
                    }
                }),
                Broken.of("o11", running((good, parts) -> {
                    try {
                        return good.run();
                    } catch (InterruptedException e) {
                        return nothing();
                    }
                })),
                Broken.of("o12", parts -> new DelegatingOrchestrator(parts) {
                    private volatile boolean runs;

                    @Override
                    public RunSummary run() throws InterruptedException {
                        runs = true;
                        try {
                            return super.run();
                        } finally {
                            runs = false;
                        }
                    }

                    @Override
                    public void close() {
                        if (!runs) {
                            super.close();
                        }
                    }
                }));
    }

    private static Stream<Broken<Function<Parts, Orchestrator>>> stops() {
        return Stream.of(
                Broken.of("o07", parts -> new DelegatingOrchestrator(parts) {
                    private volatile boolean begun;

                    @Override
                    public RunSummary run() throws InterruptedException {
                        begun = true;
                        return super.run();
                    }

                    @Override
                    public void stop(Stop how) {
                        if (begun) {
                            super.stop(how);
                        }
                    }
                }),
                Broken.of("o08", parts -> new DelegatingOrchestrator(parts) {
                    @Override
                    public void stop(Stop how) {
                        super.stop(how == Stop.DRAIN ? Stop.CANCEL : how);
                    }
                }),
                Broken.of("o09", ingesting((good, record, artifacts) -> {
                    boolean cancelled = record.end().outcome() == Outcome.CANCELLED;
                    if (cancelled) {
                        artifacts.delete();
                    }
                    good.ingest(record, cancelled ? Artifacts.none() : artifacts);
                })),
                Broken.of("o10", parts -> new DelegatingOrchestrator(parts) {
                    private volatile @Nullable Stop first;

                    @Override
                    public RunSummary run() throws InterruptedException {
                        RunSummary summary = super.run();
                        return first == Stop.NOW
                                ? new RunSummary(
                                        summary.tests().stream()
                                                .filter(test -> test.end().outcome() != Outcome.NOT_RUN)
                                                .toList(),
                                        summary.problems(),
                                        summary.took())
                                : summary;
                    }

                    @Override
                    public void stop(Stop how) {
                        first = first == null ? how : first;
                        super.stop(how);
                    }
                }),
                Broken.of("o19", parts -> new DelegatingOrchestrator(parts) {
                    private final AtomicInteger stops = new AtomicInteger();

                    @Override
                    public void stop(Stop how) {
                        // Tests of other rules stop twice.
                        if (stops.incrementAndGet() > 2) {
                            throw new IllegalStateException("this run is being stopped");
                        }
                        super.stop(how);
                    }
                }));
    }

    private static Stream<Broken<Function<Parts, Orchestrator>>> failures() {
        return Stream.of(
                Broken.of("o13", StopsAfterALostSystem::new),
                Broken.of(
                        "o14",
                        parts -> new DelegatingOrchestrator(parts.withSystems(new HidesReasons(parts.systems())))),
                Broken.of(
                        "o15",
                        parts -> new DelegatingOrchestrator(parts.withExecutors(system -> {
                            try {
                                return parts.executors().open(system);
                            } catch (SetupException e) {
                                throw new SetupException("the setup failed", null);
                            }
                        }))),
                Broken.of("o16", ingesting((good, record, artifacts) -> {
                    try {
                        good.ingest(record, artifacts);
                    } catch (AggregationException e) {
                        artifacts.delete();
                    }
                })),
                Broken.of(
                        "o20",
                        parts -> new DelegatingOrchestrator(parts.withExecutors(
                                system -> silent(parts.executors().open(system))))));
    }

    private static Executor silent(Executor executor) {
        return new Executor() {
            @Override
            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                return executor.run(test, into);
            }

            @Override
            public void close() {
                try {
                    executor.close();
                } catch (SetupException e) {
                    // swallowed, which violates O20
                }
            }
        };
    }

    private static final class StopsAfterALostSystem implements Orchestrator {
        private final Orchestrator good;

        StopsAfterALostSystem(Parts parts) {
            good = new DelegatingOrchestrator(parts.withExecutors(system -> open(parts.executors(), system)));
        }

        private Executor open(Executor.Factory executors, Remote system) throws InterruptedException {
            Executor executor = executors.open(system);
            return new Executor() {
                @Override
                public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                    TestEnd end = executor.run(test, into);
                    if (end.outcome() == Outcome.LOST) {
                        stop(Stop.DRAIN);
                    }
                    return end;
                }

                @Override
                public void close() {
                    executor.close();
                }
            };
        }

        @Override
        public RunSummary run() throws InterruptedException {
            return good.run();
        }

        @Override
        public void stop(Stop how) {
            good.stop(how);
        }

        @Override
        public void close() {
            good.close();
        }
    }

    private record HidesReasons(Provisioner good) implements Provisioner {
        @Override
        public void provision(int count) {
            good.provision(count);
        }

        @Override
        public Offer take(Duration atMost) throws InterruptedException {
            return good.take(atMost) instanceof Offer.Ready ready
                    ? ready
                    : new Offer.Failed(new ProvisioningException("there is no system", null));
        }

        @Override
        public void clear() {
            good.clear();
        }

        @Override
        public Map<String, String> labels() {
            return good.labels();
        }

        @Override
        public void close() {
            good.close();
        }
    }

    private static Stream<Broken<Function<Parts, Orchestrator>>> plans() {
        return Stream.of(
                Broken.of("o04", parts -> {
                    if (!parts.tests().isEmpty()) {
                        return new DelegatingOrchestrator(parts);
                    }
                    return new DelegatingOrchestrator(parts.withTests(List.of(TestCase.named("/nothing")))) {
                        @Override
                        public RunSummary run() {
                            return nothing();
                        }
                    };
                }),
                Broken.of(
                        "o17",
                        parts -> new DelegatingOrchestrator(parts.withTests(parts.tests().stream()
                                .<TestCase>map(test -> TestCase.named(test.name())
                                        .withSource(test.source())
                                        .withTags(test.tags())
                                        .withExpected(test.expected()))
                                .toList()))),
                Broken.of("o18", parts -> {
                    Set<String> names = new HashSet<>();
                    return new DelegatingOrchestrator(parts.withTests(parts.tests().stream()
                            .filter(test -> names.add(test.name()))
                            .toList()));
                }));
    }
}
