package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.ConnectionLostException;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestInvocation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** For each rule, an executor that violates it: only the test of this rule may fail. */
@Timeout(300)
class BrokenExecutorsTest {
    private static final TestCase FOREIGN = TestCase.named("/foreign");
    private static final TestCase LEAVING = TestCase.named("/leaving");
    private static final Command WAITS = Command.of("waits");

    /** Returns the factory of a correct executor with all optional features. */
    private static Executor.Factory good() {
        Executor.Factory fakes = FakeExecutors.running(FakePrograms::runOf);
        return system -> new DelegatingExecutor(fakes.open(system)) {
            @Override
            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                if (test.equals(FOREIGN)) {
                    throw new IllegalArgumentException("cannot run " + test.name());
                }
                if (test.equals(LEAVING)) {
                    system.connection().start(WAITS).close();
                }
                return super.run(test, into);
            }
        };
    }

    /** A correct executor, which broken ones extend. */
    private static class DelegatingExecutor implements Executor {
        final Executor good;

        DelegatingExecutor(Executor good) {
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
        return factory -> system -> new DelegatingExecutor(factory.open(system)) {
            @Override
            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                return change.run(good, test, into);
            }
        };
    }

    private static TestCase withoutVariables(TestCase test) {
        return test instanceof TestInvocation invocation ? invocation.wrapped() : test;
    }

    /** Returns an executor that changes the end of a test. */
    private static UnaryOperator<Executor.Factory> ending(UnaryOperator<TestEnd> change) {
        return running((good, test, into) -> change.apply(good.run(test, into)));
    }

    private static void add(Artifacts into, String line) {
        try {
            Files.writeString(into.results(), line + "\n", StandardOpenOption.APPEND, StandardOpenOption.CREATE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Broken<UnaryOperator<Executor.Factory>>> broken() {
        return Stream.of(ends(), interrupts(), systems(), closes()).flatMap(Function.identity());
    }

    private static Stream<Broken<UnaryOperator<Executor.Factory>>> ends() {
        return Stream.of(
                Broken.of("x20", running((good, test, into) -> good.run(withoutVariables(test), into))),
                Broken.of(
                        "x01",
                        ending(end -> end.outcome() == Outcome.PASSED
                                ? new TestEnd(Outcome.PASSED, end.exitCode(), end.note(), false)
                                : end)),
                Broken.of(
                        "x02",
                        ending(end -> end.outcome() == Outcome.FAILED ? TestEnd.of(Outcome.ERROR, end.note()) : end)),
                Broken.of(
                        "x03",
                        ending(end ->
                                end.outcome() == Outcome.TIMED_OUT ? TestEnd.of(Outcome.ERROR, end.note()) : end)),
                Broken.of(
                        "x07",
                        factory -> system -> new DelegatingExecutor(factory.open(system)) {
                            private @Nullable Artifacts first;

                            @Override
                            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                                TestEnd end = super.run(test, into);
                                first = first == null ? into : first;
                                add(first, "{\"name\":\"" + test.name() + "\"}");
                                return end;
                            }
                        }),
                Broken.of("x08", running((good, test, into) -> {
                    TestEnd end = good.run(test, into);
                    add(into, "{\"name\":\"sub\",\"files\":[\"missing\"]}");
                    return end;
                })),
                Broken.of("x12", running((good, test, into) -> {
                    try {
                        return good.run(test, into);
                    } catch (IllegalArgumentException e) {
                        return TestEnd.of(Outcome.ERROR, e.getMessage());
                    }
                })),
                Broken.of("x18", running((good, test, into) -> {
                    try {
                        return good.run(test, into);
                    } catch (UncheckedIOException e) {
                        return TestEnd.of(Outcome.ERROR, e.getMessage());
                    }
                })));
    }

    private static Stream<Broken<UnaryOperator<Executor.Factory>>> interrupts() {
        return Stream.of(
                Broken.of("x04", running((good, test, into) -> {
                    boolean early = Thread.currentThread().isInterrupted();
                    try {
                        return good.run(test, into);
                    } catch (InterruptedException e) {
                        if (!early) {
                            add(into, "{\"status\":\"error\"}");
                        }
                        throw e;
                    }
                })),
                Broken.of("x05", running((good, test, into) -> {
                    if (Thread.interrupted()) {
                        add(into, "{\"status\":\"infra\"}");
                        return TestEnd.of(Outcome.CANCELLED, "interrupted");
                    }
                    return good.run(test, into);
                })),
                Broken.of(
                        "x06",
                        factory -> system -> new DelegatingExecutor(factory.open(system)) {
                            private volatile boolean interrupted;

                            @Override
                            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                                if (interrupted) {
                                    return TestEnd.of(Outcome.ERROR, "the previous test still runs");
                                }
                                try {
                                    return super.run(test, into);
                                } catch (InterruptedException e) {
                                    interrupted = true;
                                    throw e;
                                }
                            }
                        }),
                Broken.of("x11", factory -> system -> {
                    boolean interrupted = Thread.interrupted();
                    Executor executor = factory.open(system);
                    if (interrupted) {
                        Thread.currentThread().interrupt();
                    }
                    return executor;
                }));
    }

    private static Stream<Broken<UnaryOperator<Executor.Factory>>> systems() {
        return Stream.of(
                Broken.of("x09", ending(end -> new TestEnd(end.outcome(), end.exitCode(), end.note(), true))),
                Broken.of("x10", factory -> system -> {
                    try {
                        return factory.open(system);
                    } catch (ConnectionLostException e) {
                        return new Executor() {
                            @Override
                            public TestEnd run(TestCase test, Artifacts into) {
                                return TestEnd.of(Outcome.NOT_RUN, e.getMessage());
                            }

                            @Override
                            public void close() {}
                        };
                    }
                }),
                Broken.of(
                        "x15",
                        factory -> system -> new DelegatingExecutor(factory.open(system)) {
                            @Override
                            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                                TestEnd end = super.run(test, into);
                                if (test.equals(LEAVING)) {
                                    system.connection().start(WAITS);
                                }
                                return end;
                            }
                        }),
                Broken.of("x16", interruptingOtherExecutors()),
                Broken.of(
                        "x19",
                        factory -> system -> new DelegatingExecutor(factory.open(system)) {
                            private final AtomicBoolean busy = new AtomicBoolean();

                            @Override
                            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                                if (!busy.compareAndSet(false, true)) {
                                    throw new IllegalStateException("one test at a time");
                                }
                                try {
                                    return super.run(test, into);
                                } finally {
                                    busy.set(false);
                                }
                            }
                        }));
    }

    private static UnaryOperator<Executor.Factory> interruptingOtherExecutors() {
        Map<Connection, Thread> running = new ConcurrentHashMap<>();
        return factory -> system -> new DelegatingExecutor(factory.open(system)) {
            @Override
            public TestEnd run(TestCase test, Artifacts into) throws InterruptedException {
                running.putIfAbsent(system.connection(), Thread.currentThread());
                try {
                    return super.run(test, into);
                } finally {
                    running.remove(system.connection(), Thread.currentThread());
                }
            }

            @Override
            public void close() {
                super.close();
                Thread other = running.get(system.connection());
                if (other != null) {
                    other.interrupt();
                }
            }
        };
    }

    private static Stream<Broken<UnaryOperator<Executor.Factory>>> closes() {
        return Stream.of(
                Broken.of("x13", running((good, test, into) -> {
                    try {
                        return good.run(test, into);
                    } catch (IllegalStateException e) {
                        return TestEnd.of(Outcome.NOT_RUN, e.getMessage());
                    }
                })),
                Broken.of(
                        "x14",
                        factory -> system -> new DelegatingExecutor(factory.open(system)) {
                            @Override
                            public void close() {
                                super.close();
                                system.connection().close();
                            }
                        }),
                Broken.<UnaryOperator<Executor.Factory>>of(
                                "x17",
                                factory -> system -> new DelegatingExecutor(factory.open(system)) {
                                    @Override
                                    public void close() {
                                        super.close();
                                        ((FakeConnection) system.connection()).refuseIfLost("clean up");
                                    }
                                })
                        .and("each test that loses the system closes the executor afterwards", "x09", "x10"));
    }

    /** The contract of the executor under test. */
    static final class Contract extends ExecutorContract {
        static UnaryOperator<Executor.Factory> tested = UnaryOperator.identity();

        @Override
        protected Connection connect() {
            return FakeConnection.running(FakePrograms::run);
        }

        @Override
        protected Executor.Factory factory() {
            return tested.apply(good());
        }

        @Override
        protected TestCase foreign() {
            return FOREIGN;
        }

        @Override
        protected TestCase leavingAProcess() {
            return LEAVING;
        }

        @Override
        protected boolean isLeftBehind(Connection system) {
            return LongStream.rangeClosed(1, 9).anyMatch(((FakeConnection) system)::isRunning);
        }

        @Override
        protected TestCase requiring(String variable, String value) {
            return TestCase.named("/requiring " + variable + "=" + value);
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
    void onlyTheTestOfItsRuleFails(Broken<UnaryOperator<Executor.Factory>> broken) {
        Contract.tested = broken.variant();

        broken.assertRejectedBy(Contract.class);
    }

    @Test
    void correctImplementationPasses() {
        Contract.tested = UnaryOperator.identity();

        assertThat(FailedRules.of(Contract.class)).isEmpty();
    }
}
