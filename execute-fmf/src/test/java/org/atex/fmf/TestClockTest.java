package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.atex.api.Command;
import org.atex.api.Executor;
import org.atex.api.Outcome;
import org.atex.api.Status;
import org.atex.api.TestEnd;
import org.atex.fmf.Suite.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Time limits of hooks, rules and live output, which do not affect the time limit of a test or other tests. */
@Timeout(180)
class TestClockTest extends LocalSuite {
    private final CountDownLatch never = new CountDownLatch(1);

    @AfterEach
    void releaseThreads() {
        never.countDown();
    }

    /** {@return a hook that runs an action before the first test only} */
    private static TestHook beforeFirst(Action action) {
        return new TestHook() {
            private boolean done;

            @Override
            public void before(Moment moment) {
                if (!done) {
                    done = true;
                    TestClockTest.<RuntimeException>sneaky(() -> action.run(moment));
                }
            }
        };
    }

    private static TestHook afterFirst(Action action) {
        return new TestHook() {
            private boolean done;

            @Override
            public void after(Moment moment, TestEnd end) {
                if (!done) {
                    done = true;
                    TestClockTest.<RuntimeException>sneaky(() -> action.run(moment));
                }
            }
        };
    }

    private interface Action {
        void run(TestHook.Moment moment) throws Throwable;
    }

    private interface Block {
        void run() throws Throwable;
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneaky(Block block) throws E {
        try {
            block.run();
        } catch (Throwable e) {
            throw (E) e;
        }
    }

    /** Blocks until the end of the test and ignores interrupts. */
    private void ignoreInterrupts() {
        boolean over = false;
        while (!over) {
            try {
                over = never.await(1, TimeUnit.HOURS);
            } catch (InterruptedException e) {
                // Continue to wait.
            }
        }
    }

    /** {@return the ends of two attempts of the only test} */
    private Ran[] twice(FmfTests tests, FmfOptions options) throws Exception {
        try (Executor executor = FmfExecutor.factory(tests, options).open(connection)) {
            var first = suite.artifacts();
            Ran one = new Ran(executor.run(tests.get(0), first), first);
            var second = suite.artifacts();
            return new Ran[] {one, new Ran(executor.run(tests.get(0), second), second)};
        }
    }

    @Test
    void aSlowHookDoesNotCountAgainstTheTimeLimit() throws Exception {
        TestHook slow = beforeFirst(
                moment -> moment.connection().run(Command.of("sleep", "3")).orThrow());
        Ran ran = suite.run(
                connection,
                suite.tests("duration: 2s\ntest: echo in time\n"),
                FmfOptions.defaults().withHook(slow));
        assertThat(ran.end()).isEqualTo(TestEnd.exited(0));
    }

    @Test
    void aHookThatNeverReturnsIsInterruptedAtItsLimit() throws Exception {
        FmfOptions options = FmfOptions.defaults()
                .withHook(beforeFirst(moment -> moment.connection().run(Command.of("sleep", "1000"))))
                .withHookWithin(Duration.ofSeconds(1));
        Ran[] ran = twice(suite.test("echo ran"), options);
        assertThat(ran[0].end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
        assertThat(ran[0].end().note())
                .contains("a hook before it", "did not return within 1s and was interrupted", "withHookWithin");
        assertThat(ran[0].end().systemUsable()).isTrue();
        assertThat(ran[0].results())
                .containsExactly("infra null " + ran[0].end().note());
        assertThat(ran[1].end()).isEqualTo(TestEnd.exited(0));
    }

    @Test
    void aHookThatIgnoresInterruptsIsAbandonedAndCannotReportAnyMore() throws Exception {
        CountDownLatch refused = new CountDownLatch(1);
        FmfOptions options = FmfOptions.defaults()
                .withHook(beforeFirst(moment -> {
                    ignoreInterrupts();
                    try {
                        moment.report(Status.PASS, "late", "");
                    } catch (IllegalStateException e) {
                        refused.countDown();
                    }
                }))
                .withHookWithin(Duration.ofSeconds(1));
        Ran ran = suite.run(connection, suite.test("echo ran"), options);
        assertThat(ran.end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
        assertThat(ran.end().note()).contains("was abandoned", "atex-hook");
        assertThat(ran.end().systemUsable())
                .as("the system is usable although the hook may still use it")
                .isFalse();
        never.countDown();
        assertThat(refused.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(ran.results()).hasSize(1);
    }

    @Test
    void anAbandonedHookAfterATestAddsAResult() throws Exception {
        FmfOptions options = FmfOptions.defaults()
                .withHook(afterFirst(moment -> ignoreInterrupts()))
                .withHookWithin(Duration.ofSeconds(1));
        Ran ran = suite.run(connection, suite.test("echo ran"), options);
        assertThat(ran.end()).isEqualTo(new TestEnd(Outcome.PASSED, 0, null, false));
        assertThat(ran.results())
                .satisfiesExactly(
                        hook -> assertThat(hook)
                                .startsWith("error hook a hook after it, ")
                                .contains("was abandoned"),
                        itself -> assertThat(itself).isEqualTo("pass null null"));
    }

    @Test
    void anInterruptDuringAHookCancelsTheTest() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        FmfOptions options = FmfOptions.defaults().withHook(beforeFirst(moment -> {
            begun.countDown();
            never.await();
        }));
        FmfTests tests = suite.test("echo ran");
        var artifacts = suite.artifacts();
        try (Executor executor = FmfExecutor.factory(tests, options).open(connection)) {
            Thread caller = Thread.currentThread();
            Thread.ofVirtual().start(() -> {
                try {
                    begun.await();
                } catch (InterruptedException e) {
                    return;
                }
                caller.interrupt();
            });
            assertThatThrownBy(() -> executor.run(tests.get(0), artifacts)).isInstanceOf(InterruptedException.class);
            assertThat(executor.run(tests.get(0), suite.artifacts())).isEqualTo(TestEnd.exited(0));
        }
    }

    private static Throwable thrown(String name) {
        return switch (name) {
            case "undeclared" -> new IOException("undeclared");
            case "deep" -> new StackOverflowError("deep");
            case "memory" -> new OutOfMemoryError("memory");
            case "class" -> new NoClassDefFoundError("class");
            case "assertion" -> new AssertionError("assertion");
            case "interrupted" -> new InterruptedException("interrupted");
            case "speechless" ->
                new RuntimeException() {
                    @Override
                    public String getMessage() {
                        throw new IllegalStateException("no message");
                    }
                };
            default -> throw new IllegalArgumentException(name);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"undeclared", "deep", "memory", "class", "assertion", "interrupted", "speechless"})
    void aHookThatThrowsAffectsOneTest(String what) throws Exception {
        Ran[] before = twice(suite.test("echo ran"), FmfOptions.defaults().withHook(beforeFirst(moment -> {
            throw thrown(what);
        })));
        assertThat(before[0].end().outcome()).isEqualTo(Outcome.SETUP_FAILED);
        assertThat(before[0].end().note()).contains("a hook before it failed: ");
        assertThat(before[1].end()).isEqualTo(TestEnd.exited(0));
        Ran[] after = twice(suite.test("echo ran"), FmfOptions.defaults().withHook(afterFirst(moment -> {
            throw thrown(what);
        })));
        assertThat(after[0].end()).isEqualTo(TestEnd.exited(0));
        assertThat(after[0].results()).hasSize(2).first().asString().startsWith("error hook a hook after it failed: ");
        assertThat(after[1].results()).containsExactly("pass null null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"undeclared", "deep", "memory", "speechless"})
    void anOutcomeRuleThatThrowsAffectsOneTest(String what) throws Exception {
        FmfOptions options = FmfOptions.defaults().withOutcomeRule((end, subtests) -> {
            TestClockTest.<RuntimeException>sneaky(() -> {
                throw thrown(what);
            });
            return Outcome.PASSED;
        });
        Ran ran = suite.run(connection, suite.test("echo ran"), options);
        assertThat(ran.end().outcome()).isEqualTo(Outcome.ERROR);
        assertThat(ran.end().note()).contains("the outcome rule failed");
        assertThat(ran.results()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"open", "write", "close"})
    void liveOutputThatBlocksDoesNotBlockTheTest(String where) throws Exception {
        LiveOutput stuck = test -> {
            blockIf(where.equals("open"));
            return new OutputStream() {
                @Override
                public void write(int b) {
                    blockIf(where.equals("write"));
                }

                @Override
                public void close() {
                    blockIf(where.equals("close"));
                }
            };
        };
        LiveOutputFeed feed = new LiveOutputFeed(stuck, suite.test("true").get(0), Duration.ofMillis(200));
        for (int i = 0; i < 100; i++) {
            feed.offer(new byte[100], 100);
        }
        feed.close(); // all of these calls return
    }

    private void blockIf(boolean here) {
        if (here) {
            ignoreInterrupts();
        }
    }
}
