package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Offer;
import org.atex.api.Outcome;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.api.RunSummary;
import org.atex.api.Stop;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.api.TestRecord;
import org.atex.api.Verdict;
import org.atex.testkit.FakeExecutors;
import org.atex.testkit.FakeProvisioner;
import org.atex.testkit.FakeSystem;
import org.atex.testkit.RecordingAggregator;
import org.jspecify.annotations.Nullable;

/** A run in which one call of user code misbehaves once, in one way. */
final class MisbehavingRun {
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Limits LIMITS = Limits.all(Duration.ofSeconds(5)).withGrace(Duration.ofMillis(300));
    private static final int TESTS = 5;

    /** The kinds of user code that a run calls. */
    enum Block {
        EXECUTOR_RUN,
        EXECUTOR_CLOSE,
        FACTORY,
        SYSTEM_HOOK,
        RERUN_POLICY,
        DESTRUCTION_POLICY,
        LISTENER,
        AGGREGATOR,
        AGGREGATOR_FLUSH,
        TAKE,
        PROVISION,
        CLEAR,
        OFFERS,
        REMOTE_CLOSE,
        REMOTE_LABELS,
        REMOTE_NAME,
        REMOTE_SLOTS,
        REMOTE_CONNECTION,
        REMOTE_RESET,
        TEST_NAME,
        TEST_LOCKS
    }

    private final Block block;
    private final Misbehaviour how;
    private final Path work;
    private final CountDownLatch end;
    private final CompletableFuture<Boolean> happened = new CompletableFuture<>();
    private final RecordingAggregator results = RecordingAggregator.create();

    /**
     * Creates a run.
     *
     * @param work the directory for artifacts
     * @param end ends blocked calls
     */
    MisbehavingRun(Block block, Misbehaviour how, Path work, CountDownLatch end) {
        this.block = block;
        this.how = how;
        this.work = work;
        this.end = end;
    }

    /** Misbehaves on the first call only. */
    private void once() {
        if (happened.complete(true)) {
            how.happen(end);
        }
    }

    void affectsOneTestOrOneSystem() throws Exception {
        FakeProvisioner fakes = systems(block);
        try (fakes;
                AdHocOrchestrator run = builder(fakes).build()) {
            RunSummary summary = Runs.in(run, Duration.ofSeconds(30));

            assertThat(happened).as("the call that misbehaves was made").isDone();
            assertThat(summary.counts().values().stream().mapToInt(i -> i).sum())
                    .isEqualTo(TESTS);
            assertThat(summary.tests().stream().filter(test -> test.end().outcome() != Outcome.PASSED))
                    .as("affected tests: %s", summary)
                    .hasSizeLessThanOrEqualTo(paidByTests(block));
            boolean cancelled = how == Misbehaviour.BLOCKS && (block == Block.FACTORY || block == Block.SYSTEM_HOOK);
            assertThat(summary.problems().isEmpty() && summary.verdict() == Verdict.PASSED)
                    .as("the problem is reported, unless another system ran all tests meanwhile: %s", summary)
                    .matches(silent -> !silent || cancelled);
            // An I/O error may be temporary, so that the aggregator is called again.
            if (block == Block.AGGREGATOR && how != Misbehaviour.UNDECLARED_IO_EXCEPTION) {
                assertThat(summary.verdict()).isNotEqualTo(Verdict.PASSED);
                assertThat(results.records()).hasSize(TESTS - 1);
            } else {
                assertThat(results.records())
                        .extracting(TestRecord::name)
                        .as("every test is stored")
                        .hasSize(TESTS);
            }
            boolean held = how.blocks() && (block == Block.REMOTE_CLOSE || block == Block.TAKE);
            assertThat(fakes.openNow()).as("systems held").isLessThanOrEqualTo(held ? 1 : 0);
        }
    }

    void endsAfterAStop() throws Exception {
        FakeProvisioner fakes = systems(block);
        Limits endless = Limits.defaults().withCall(Duration.ofSeconds(2)).withGrace(Duration.ofMillis(300));
        try (fakes;
                AdHocOrchestrator run = builder(fakes).limits(endless).build()) {
            CompletableFuture<RunSummary> summary = Runs.begin(run);
            CompletableFuture.anyOf(happened, summary).join();
            run.stop(Stop.NOW);
            assertThat(summary.get(12, TimeUnit.SECONDS).tests()).hasSize(TESTS);
        }
    }

    private static FakeProvisioner systems(Block block) {
        return switch (block) {
            case REMOTE_RESET -> FakeProvisioner.of(FakeSystem.ready().withReset());
            // The second system is not needed any more when it would arrive.
            case CLEAR ->
                FakeProvisioner.of(
                        n -> n == 1 ? FakeSystem.ready() : FakeSystem.ready().after(Duration.ofMinutes(1)));
            default -> FakeProvisioner.of(FakeSystem.ready());
        };
    }

    private static int paidByTests(Block block) {
        return switch (block) {
            case EXECUTOR_RUN, TEST_NAME, TEST_LOCKS -> 1;
            default -> 0;
        };
    }

    private AdHocOrchestrator.Builder builder(FakeProvisioner fakes) {
        FakeExecutors executors = FakeExecutors.passing(SHORT);
        Executor.Factory factory = system -> {
            if (block == Block.FACTORY) {
                once();
            }
            return new BadExecutor(executors.open(system));
        };
        AdHocOrchestrator.Builder builder = AdHocOrchestrator.builder(tests())
                .on(new BadProvisioner(fakes))
                .with(factory)
                .into(new BadAggregator())
                .setup(remote -> {
                    if (block == Block.SYSTEM_HOOK) {
                        once();
                    }
                })
                .listener(event -> {
                    if (block == Block.LISTENER) {
                        once();
                    }
                })
                .maxSystems(2)
                .limits(LIMITS)
                .workDirectory(work);
        if (block == Block.RERUN_POLICY) {
            builder.reruns((test, ends) -> {
                once();
                return false;
            });
        }
        if (block == Block.DESTRUCTION_POLICY) {
            builder.destruction((test, testEnd) -> {
                once();
                return false;
            });
        }
        if (block == Block.REMOTE_RESET) {
            builder.destruction(DestructionPolicy.always());
        }
        return builder;
    }

    private List<TestCase> tests() {
        List<TestCase> tests = new ArrayList<>(IntStream.range(1, TESTS)
                .mapToObj(i -> (TestCase) TestCase.named("/t" + i))
                .toList());
        tests.add(new BadTest());
        return tests;
    }

    private final class BadTest implements TestCase {

        @Override
        public String name() {
            if (block == Block.TEST_NAME) {
                once();
            }
            return "/bad";
        }

        @Override
        public Set<TestLock> locks() {
            if (block == Block.TEST_LOCKS) {
                once();
            }
            return Set.of();
        }
    }

    private final class BadExecutor implements Executor {
        private final Executor good;

        BadExecutor(Executor good) {
            this.good = good;
        }

        @Override
        public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
            if (block == Block.EXECUTOR_RUN) {
                once();
            }
            return good.run(test, into);
        }

        @Override
        public void close() {
            good.close();
            if (block == Block.EXECUTOR_CLOSE) {
                once();
            }
        }
    }

    private final class BadAggregator implements Aggregator {

        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            if (block == Block.AGGREGATOR) {
                once();
            }
            results.ingest(record, artifacts);
        }

        @Override
        public void flush() {
            if (block == Block.AGGREGATOR_FLUSH) {
                once();
            }
        }

        @Override
        public void close() {
            results.close();
        }
    }

    private final class BadProvisioner implements Provisioner {
        private final Provisioner good;

        BadProvisioner(Provisioner good) {
            this.good = good;
        }

        @Override
        public Map<String, String> labels() {
            if (block == Block.OFFERS) {
                once();
            }
            return good.labels();
        }

        @Override
        public void provision(int count) {
            if (block == Block.PROVISION) {
                once();
            }
            good.provision(count);
        }

        @Override
        public Offer take(Duration timeout) throws InterruptedException {
            if (block == Block.TAKE) {
                once();
            }
            return good.take(timeout) instanceof Offer.Ready(Remote remote)
                    ? new Offer.Ready(new BadRemote(remote))
                    : new Offer.None();
        }

        @Override
        public void clear() {
            good.clear();
            if (block == Block.CLEAR) {
                once();
            }
        }

        @Override
        public void close() {
            good.close();
        }
    }

    private final class BadRemote implements Remote {
        private final Remote good;

        BadRemote(Remote good) {
            this.good = good;
        }

        @Override
        public String name() {
            if (block == Block.REMOTE_NAME) {
                once();
            }
            return good.name();
        }

        @Override
        public Map<String, String> labels() {
            if (block == Block.REMOTE_LABELS) {
                once();
            }
            return good.labels();
        }

        @Override
        public Connection connection() {
            if (block == Block.REMOTE_CONNECTION) {
                once();
            }
            return good.connection();
        }

        @Override
        public int slots() {
            if (block == Block.REMOTE_SLOTS) {
                once();
            }
            return good.slots();
        }

        @Override
        public @Nullable Instant expires() {
            return good.expires();
        }

        @Override
        public boolean reset() throws InterruptedException {
            if (block == Block.REMOTE_RESET) {
                once();
            }
            return good.reset();
        }

        @Override
        public void close() {
            good.close();
            if (block == Block.REMOTE_CLOSE) {
                once();
            }
        }
    }
}
