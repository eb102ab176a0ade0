package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** For a rule an executor that breaks it and no other: its test rejects it, and no other test does. */
@Timeout(120)
class BrokenExecutorsTest {
    private static Executor.Factory good() {
        return FakeExecutors.running(
                Map.of("/failing", FakeRun.failing(Duration.ofMillis(1)), "/endless", FakeRun.endless()));
    }

    /** Does what a good one does. */
    private static class Same implements Executor {
        final Executor good;

        Same(Executor good) {
            this.good = good;
        }

        @Override
        public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
            return good.run(test, into);
        }

        @Override
        public void close() {
            good.close();
        }
    }

    private interface Change {
        TestEnd run(Executor good, TestCase test, Artifacts into) throws InterruptedException;
    }

    private static UnaryOperator<Executor.Factory> running(Change change) {
        return factory -> connection -> new Same(factory.open(connection)) {
            @Override
            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                return change.run(good, test, into);
            }
        };
    }

    private static TestEnd ended(TestEnd end, Outcome outcome, Outcome instead) {
        return end.outcome() == outcome ? TestEnd.of(instead, end.note()) : end;
    }

    private static void add(Artifacts into, String line) {
        try {
            Files.writeString(into.results(), line + "\n", StandardOpenOption.APPEND, StandardOpenOption.CREATE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                arguments("x02", running((good, test, into) -> {
                    TestEnd end = good.run(test, into);
                    return end.outcome() == Outcome.FAILED ? TestEnd.of(Outcome.ERROR, null) : end;
                })),
                arguments("x03", running((good, test, into) -> {
                    TestEnd end = good.run(test, into);
                    return ended(end, Outcome.TIMED_OUT, Outcome.ERROR);
                })),
                arguments("x05", running((good, test, into) -> {
                    if (Thread.currentThread().isInterrupted()) {
                        add(into, "{\"status\":\"infra\"}");
                        Thread.interrupted();
                        return TestEnd.of(Outcome.CANCELLED, "interrupted");
                    }
                    return good.run(test, into);
                })),
                arguments("x08", running((good, test, into) -> {
                    TestEnd end = good.run(test, into);
                    add(into, "{\"name\":\"sub\",\"files\":[\"missing\"]}");
                    return end;
                })),
                arguments("x09", running((good, test, into) -> {
                    TestEnd end = good.run(test, into);
                    return new TestEnd(end.outcome(), end.exitCode(), end.note(), true);
                })),
                arguments("x11", factory -> connection -> {
                    boolean interrupted = Thread.interrupted();
                    Executor executor = factory.open(connection);
                    if (interrupted) {
                        Thread.currentThread().interrupt();
                    }
                    return executor;
                }),
                arguments(
                        "x14",
                        factory -> connection -> new Same(factory.open(connection)) {
                            @Override
                            public void close() {
                                super.close();
                                connection.close();
                            }
                        }));
    }

    private static Arguments arguments(String rule, UnaryOperator<Executor.Factory> broken) {
        return Arguments.of(rule, broken);
    }

    /** The contract of whatever is set. */
    static final class Contract extends ExecutorContract {
        static UnaryOperator<Executor.Factory> tested = UnaryOperator.identity();

        @Override
        protected Connection connect() {
            return FakeConnection.obedient();
        }

        @Override
        protected Executor.Factory factory() {
            return tested.apply(good());
        }

        @Override
        protected TestCase passing() {
            return TestCase.named("/passing");
        }

        @Override
        protected TestCase failing() {
            return TestCase.named("/failing");
        }

        @Override
        protected TestCase endless(@Nullable Duration limit) {
            return limit == null
                    ? TestCase.named("/endless")
                    : TestCase.named("/endless").withLimit(limit);
        }

        @Override
        protected boolean canBeLost() {
            return true;
        }

        @Override
        protected void lose(Connection broken) {
            ((FakeConnection) broken).lose();
        }
    }

    @ParameterizedTest
    @MethodSource("broken")
    void exactlyItsRuleRejectsIt(String rule, UnaryOperator<Executor.Factory> broken) {
        Contract.tested = broken;

        assertThat(Rejections.of(Contract.class)).containsExactly(rule);
    }
}
