package org.atex.interleave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(180)
@ExtendWith(LeakCheck.class)
class InterleavingTest {
    /** Short, for steps that never end. */
    private static final Duration SHORT = Duration.ofMillis(100);

    private final List<String> log = Collections.synchronizedList(new ArrayList<>());

    /** An actor with the checkpoints 1 and 2, which logs what it does before, between and after them. */
    private ActorBody twoPoints(String name) {
        return checkpoints -> {
            log.add(name + "0");
            checkpoints.reach("1");
            log.add(name + "1");
            checkpoints.reach("2");
            log.add(name + "2");
        };
    }

    private Interleaving.Plan two() {
        return Interleaving.plan().withActor("a", twoPoints("a")).withActor("b", twoPoints("b"));
    }

    private static List<String> texts(List<Point> points) {
        return points.stream().map(Point::toString).toList();
    }

    @Test
    void pointsPassInThePlannedOrder() throws InterruptedException {
        try (Interleaving run = two().withOrder("b:1", "a:1", "b:2", "a:2").start()) {
            assertThat(log).as("in the order of their first points").containsExactly("b0", "a0");
            assertThat(run.next()).contains(new Point("b", "1"));
            assertThat(log).containsExactly("b0", "a0", "b1");
            assertThat(run.next()).contains(new Point("a", "1"));
            assertThat(log).containsExactly("b0", "a0", "b1", "a1");
            assertThat(run.next()).contains(new Point("b", "2"));
            assertThat(run.next()).contains(new Point("a", "2"));
            assertThat(log).containsExactly("b0", "a0", "b1", "a1", "b2", "a2");
            assertThat(run.next()).isEmpty();
            assertThat(run.next()).isEmpty();
        }
    }

    @Test
    void actorRunsToItsEndAfterItsLastPoint() throws InterruptedException {
        try (Interleaving run = two().withOrder("a:1", "b:2").start()) {
            var unused = run.next();
            assertThat(log).containsExactly("a0", "b0", "b1", "a1", "a2");
        }
    }

    @Test
    void plannedStartDelaysAnActor() throws InterruptedException {
        try (Interleaving run = two().withOrder("a:1", "b:start", "a:2").start()) {
            assertThat(log).containsExactly("a0");
            run.runTo("b:start");
            assertThat(log).containsExactly("a0", "a1");
            var unused = run.next();
            assertThat(log).containsExactly("a0", "a1", "b0", "b1", "b2");
            run.runToEnd();
        }
    }

    @Test
    void plannedEndHoldsAnActor() throws InterruptedException {
        try (Interleaving run = two().withOrder("a:1", "b:1", "a:end").start()) {
            run.runTo("a:end");
            assertThat(log).containsExactly("a0", "b0", "a1", "a2", "b1", "b2");
            assertThat(run.history().planned()).hasSize(2);
            assertThat(run.next()).contains(new Point("a", Point.END));
            assertThat(run.next()).isEmpty();
        }
    }

    @Test
    void runToStopsBeforeThePoint() throws InterruptedException {
        try (Interleaving run = two().withOrder("a:1", "b:1", "a:2", "b:2").start()) {
            run.runTo("a:2");
            run.runTo("a:2");
            assertThat(log).containsExactly("a0", "b0", "a1", "b1");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> run.runTo("a:1"))
                    .withMessageContaining("cannot run to a:1")
                    .withMessageContaining("[a:2, b:2]");
            run.runToEnd();
            assertThat(log).endsWith("a2", "b2");
            assertThatIllegalArgumentException().isThrownBy(() -> run.runTo("b:2"));
        }
    }

    @Test
    void historyCanBePastedAsAPlan() throws InterruptedException {
        try (Interleaving run = two().withOrder("b:1", "a:start").start()) {
            run.runToEnd();
            assertThat(run.history())
                    .hasToString(
                            "/* b:start */ \"b:1\" /* b:2 */ /* b:end */, \"a:start\" /* a:1 */ /* a:2 */ /* a:end */");
            assertThat(run.history().planned()).containsExactly(new Point("b", "1"), new Point("a", "start"));
        }
    }

    @Test
    void literalsAndCommentsAreEscaped() {
        History history = new History(List.of(
                new History.Entry(Point.of("a:\"q\"\\u0041\n\u0001"), true),
                new History.Entry(Point.of("a:*/ \\u002a"), false)));
        assertThat(history).hasToString("\"a:\\\"q\\\"\\\\u0041\\n\\001\" /* a:* / \\ u002a */");
    }

    @Test
    void samePointMayOccurSeveralTimes() throws InterruptedException {
        ActorBody loop = checkpoints -> {
            for (int i = 0; i < 5; i++) {
                checkpoints.reach("loop");
                log.add(Thread.currentThread().getName().replace("atex-actor-", "") + i);
            }
        };
        try (Interleaving run = Interleaving.plan()
                .withActor("a", loop)
                .withActor("b", loop)
                .withOrder("a:loop", "b:loop", "a:loop", "a:loop", "b:loop")
                .start()) {
            run.runToEnd();
            assertThat(log).containsExactly("a0", "b0", "a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4");
        }
    }

    @Test
    void skippedPointEndsThePlanAtOnce() throws InterruptedException {
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    checkpoints.reach("first");
                    checkpoints.reach("third");
                    log.add("not reached");
                })
                .withOrder("a:first", "a:second", "a:third")
                .start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(OrderException.class)
                    .hasMessageContainingAll("reached a:third", "its next planned point is a:second");
            assertThatIllegalStateException().isThrownBy(run::next).withMessageContaining("a:second");
        }
        assertThat(log).isEmpty();
    }

    @Test
    void endBeforeAPlannedPointEndsThePlanAtOnce() throws InterruptedException {
        try (Interleaving run = two().withOrder("a:1", "b:1", "a:3").start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(OrderException.class)
                    .hasMessageContaining("a ended without reaching a:3");
        }
    }

    @Test
    void failureOfAnActorIsThrownAndEndsThePlan() throws InterruptedException {
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    checkpoints.reach("1");
                    throw new IOException("disk full");
                })
                .withActor("b", twoPoints("b"))
                .withOrder("a:1", "b:1")
                .start()) {
            assertThatThrownBy(run::next)
                    .isInstanceOf(ActorFailedException.class)
                    .hasMessage("actor a failed after a:1: java.io.IOException: disk full")
                    .hasCauseInstanceOf(IOException.class)
                    .hasNoSuppressedExceptions();
            assertThatIllegalStateException().isThrownBy(run::next).withMessageContaining("disk full");
        }
        assertThat(log).containsExactly("b0");
    }

    @Test
    void failureBeforeTheFirstPointIsThrownByStartWhichLeavesNothing() {
        assertThatThrownBy(() -> Interleaving.plan()
                        .withActor("a", twoPoints("a"))
                        .withActor("b", checkpoints -> {
                            throw new AssertionError("wrong");
                        })
                        .withOrder("a:1", "b:1")
                        .start())
                .isInstanceOf(ActorFailedException.class)
                .hasCauseInstanceOf(AssertionError.class);
    }

    @Test
    void failureWhileClosingIsSuppressed() {
        assertThatThrownBy(() -> {
                    try (Interleaving run = Interleaving.plan()
                            .withActor("a", checkpoints -> {
                                checkpoints.reach("1");
                                throw new IOException("first");
                            })
                            .withActor("b", checkpoints -> {
                                try {
                                    checkpoints.reach("1");
                                } finally {
                                    log.add("b interrupted: "
                                            + Thread.currentThread().isInterrupted());
                                    failing();
                                }
                            })
                            .withActor("c", twoPoints("c"))
                            .withOrder("a:1", "b:1", "c:1")
                            .start()) {
                        run.runToEnd();
                    }
                })
                .hasMessageContaining("actor a failed")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .singleElement()
                        .asString()
                        .contains("actor b failed after b:start", "second"));
        assertThat(log).containsExactly("c0", "b interrupted: true");
    }

    private static void failing() {
        throw new UnsupportedOperationException("second");
    }

    @Test
    void limitOfAStepNamesPlacesAndTheMissingPoint() throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    checkpoints.reach("1");
                    never.await();
                    checkpoints.reach("2");
                })
                .withActor("b", twoPoints("b"))
                .withActor("c", twoPoints("c"))
                .withActor("d", checkpoints -> {})
                .withOrder("c:start", "a:1", "b:2", "a:2", "d:start")
                .withStepWithin(SHORT)
                .start()) {
            var unused = run.next();
            assertThatThrownBy(run::next)
                    .isInstanceOf(StuckActorException.class)
                    .hasMessageContainingAll(
                            "a any longer: it did not reach a:2 within 100 ms",
                            "a: running for ",
                            "after a:1, WAITING, waits for java.util.concurrent.CountDownLatch$Sync",
                            "at org.atex.interleave.InterleavingTest",
                            "b: parked at b:2",
                            "c: ended",
                            "d: parked at d:start");
            assertThatIllegalStateException().isThrownBy(run::next);
        }
    }

    @Test
    void lockOfAParkedActorIsNamed() throws InterruptedException {
        Object monitor = new Object();
        ReentrantLock lock = new ReentrantLock();
        ActorBody holder = checkpoints -> {
            synchronized (monitor) {
                lock.lock();
                try {
                    checkpoints.reach("holding");
                } finally {
                    lock.unlock();
                }
            }
        };
        ActorBody entering = checkpoints -> {
            synchronized (monitor) {
                log.add("in");
            }
        };
        ActorBody locking = checkpoints -> {
            lock.lock();
            lock.unlock();
        };
        for (ActorBody waiting : List.of(entering, locking)) {
            try (Interleaving run = Interleaving.plan()
                    .withActor("holder", holder)
                    .withActor("waiting", waiting)
                    .withOrder("waiting:start", "holder:holding")
                    .start()) {
                assertThatThrownBy(run::next)
                        .isInstanceOf(StuckActorException.class)
                        .hasMessageContainingAll(
                                "waits for a lock that holder holds, which is parked at holder:holding",
                                "held by thread atex-actor-holder");
            }
        }
    }

    @Test
    void interruptOfTheCallerIsThrownAndEndsThePlan() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    running.countDown();
                    never.await();
                })
                .withOrder("a:start")
                .start()) {
            Future<?> caller = inThread(run::next);
            running.await();
            ((Caller) caller).thread.interrupt();
            assertThatThrownBy(caller::get).hasCauseInstanceOf(InterruptedException.class);
            assertThatIllegalStateException().isThrownBy(run::next);
        }
    }

    @Test
    void pendingInterruptOfTheCallerLetsNothingPass() throws InterruptedException {
        try (Interleaving run = two().withOrder("a:1", "b:1").start()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(run::next).isInstanceOf(InterruptedException.class);
            assertThat(log).containsExactly("a0", "b0");
            assertThat(run.next()).contains(new Point("a", "1"));
            Thread.currentThread().interrupt();
        }
        assertThat(Thread.interrupted()).as("kept by close").isTrue();
    }

    @Test
    void interruptDoesNotMoveAParkedActor() throws InterruptedException {
        AtomicReference<Thread> thread = new AtomicReference<>();
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    thread.set(Thread.currentThread());
                    checkpoints.reach("1");
                    log.add("interrupted: " + Thread.currentThread().isInterrupted());
                })
                .withActor("b", checkpoints -> {
                    thread.get().interrupt();
                    log.add("b");
                })
                .withOrder("b:start", "a:1")
                .start()) {
            run.runToEnd();
        }
        assertThat(log).containsExactly("b", "interrupted: true");
    }

    @Test
    void closeReportsAnActorThatDoesNotEnd() throws InterruptedException {
        Semaphore stop = new Semaphore(0);
        Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    checkpoints.reach("1");
                    stop.acquireUninterruptibly();
                })
                .withOrder("a:1")
                .withStepWithin(SHORT)
                .start();
        assertThatThrownBy(run::next).isInstanceOf(StuckActorException.class);
        assertThatThrownBy(run::close)
                .isInstanceOf(StuckActorException.class)
                .hasMessageContainingAll("could not end a within 100 ms", "at java.util.concurrent.Semaphore");
        run.close();
        stop.release();
    }

    @Test
    void closeFromAnotherThreadEndsAStep() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    running.countDown();
                    new CountDownLatch(1).await();
                })
                .withOrder("a:start")
                .start();
        Future<?> caller = inThread(run::next);
        running.await();
        run.close();
        assertThatThrownBy(caller::get)
                .hasCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed by another thread");
    }

    @Test
    void closedInterleavingCannotGoOn() throws InterruptedException {
        AtomicReference<Checkpoints> kept = new AtomicReference<>();
        Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    kept.set(checkpoints);
                    checkpoints.reach("1");
                })
                .withOrder("a:1")
                .start();
        run.close();
        run.close();
        assertThatIllegalStateException().isThrownBy(run::next).withMessageContaining("closed");
        assertThat(run.history()).hasToString("/* a:start */");
        assertThatThrownBy(() -> kept.get().reach("1"))
                .isInstanceOf(InterruptedException.class)
                .hasMessageContaining("could not pass a:1");
    }

    @Test
    void onlyOneThreadMovesActors() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    running.countDown();
                    goOn.await();
                })
                .withOrder("a:start")
                .start()) {
            Future<?> caller = inThread(run::next);
            running.await();
            assertThatIllegalStateException().isThrownBy(run::next).withMessageContaining("another thread waits");
            goOn.countDown();
            caller.get();
        }
    }

    @Test
    void actorCannotMoveActors() throws InterruptedException {
        AtomicReference<Interleaving> self = new AtomicReference<>();
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> self.get().runToEnd())
                .withOrder("a:start")
                .start()) {
            self.set(run);
            assertThatThrownBy(run::next)
                    .isInstanceOf(ActorFailedException.class)
                    .hasCauseInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void threadOfAnActorMayReachItsPoints() throws InterruptedException {
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    Caller helper = inThread(() -> {
                        checkpoints.reach("1");
                        log.add("a1");
                        return "";
                    });
                    helper.get();
                })
                .withActor("b", checkpoints -> log.add("b"))
                .withOrder("b:start", "a:1")
                .start()) {
            run.runToEnd();
        }
        assertThat(log).containsExactly("b", "a1");
    }

    /** Waits until a thread is parked at a point. The stage does not notify the test, so the test looks. */
    private static void awaitParked(Thread thread) {
        while (Stream.of(thread.getStackTrace())
                .noneMatch(frame -> frame.getMethodName().equals("awaitUninterruptibly"))) {
            Thread.onSpinWait();
        }
    }

    @Test
    void twoThreadsOfAnActorCannotBePlanned() throws Exception {
        CompletableFuture<Thread> second = new CompletableFuture<>();
        Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    Caller first = inThread(() -> {
                        checkpoints.reach("1");
                        return "";
                    });
                    awaitParked(first.thread);
                    second.complete(Thread.currentThread());
                    checkpoints.reach("1");
                })
                .withOrder("a:start", "a:1", "a:1")
                .start();
        assertThatThrownBy(() -> {
                    try (run) {
                        run.runTo("a:1");
                        awaitParked(second.get());
                        run.runToEnd();
                    }
                })
                .isInstanceOf(OrderException.class)
                .hasMessageContainingAll("another thread of a reached a:1", "make the thread an actor of its own");
    }

    @Test
    void actorMustWaitForItsParkedThreads() throws Exception {
        CompletableFuture<Thread> actor = new CompletableFuture<>();
        AtomicReference<Caller> helper = new AtomicReference<>();
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    actor.complete(Thread.currentThread());
                    helper.set(inThread(() -> {
                        checkpoints.reach("1");
                        return "";
                    }));
                    awaitParked(helper.get().thread);
                })
                .withOrder("a:start", "a:1")
                .start()) {
            assertThatThrownBy(() -> {
                        run.runTo("a:1");
                        actor.get().join();
                        run.runToEnd();
                    })
                    .isInstanceOf(OrderException.class)
                    .hasMessageContaining("a ended");
        }
        assertThatThrownBy(() -> helper.get().get()).hasCauseInstanceOf(InterruptedException.class);
    }

    @Test
    void pointsOfTheCurrentActorAreThoseOfTheCallingThread() throws InterruptedException {
        Checkpoints shared = Checkpoints.ofCurrentActor();
        ActorBody body = unused -> {
            shared.reach("1");
            log.add(Thread.currentThread().getName());
        };
        try (Interleaving run = Interleaving.plan()
                .withActor("a", body)
                .withActor("b", body)
                .withOrder("b:1", "a:1")
                .start()) {
            shared.reach("1");
            run.runToEnd();
        }
        assertThat(log).containsExactly("atex-actor-b", "atex-actor-a");
        assertThatIllegalArgumentException().isThrownBy(() -> shared.reach("end"));
    }

    @Test
    void reservedAndBlankNamesAreRefused() throws InterruptedException {
        for (String name : List.of("start", "end", " ")) {
            try (Interleaving run = Interleaving.plan()
                    .withActor("a", checkpoints -> checkpoints.reach(name))
                    .withOrder("a:start")
                    .start()) {
                assertThatThrownBy(run::next)
                        .hasCauseInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("cannot name a checkpoint");
            }
        }
    }

    @Test
    void wrongPlansAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Interleaving.plan().start())
                .withMessageContaining("without actors");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> two().withOrder("a:1").start())
                .withMessage("cannot run actor b without a planned point: plan b:start where it may run");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> two().withOrder("a:1", "c:1").start())
                .withMessage("cannot plan c:1: there is no actor c, only a, b");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> two().withOrder("a:1", "b:1", "a:start").start())
                .withMessageContaining("cannot plan a:start after a:1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> two().withOrder("a:end", "b:1", "a:1").start())
                .withMessageContaining("cannot plan a:1 after a:end");
        assertThatIllegalArgumentException().isThrownBy(() -> two().withOrder("a"));
        assertThatIllegalArgumentException().isThrownBy(() -> two().withOrder(":1"));
        assertThatIllegalArgumentException().isThrownBy(() -> two().withOrder("a:"));
        assertThatIllegalArgumentException().isThrownBy(() -> two().withActor("a", checkpoints -> {}));
        assertThatIllegalArgumentException().isThrownBy(() -> two().withActor("a:b", checkpoints -> {}));
        assertThatIllegalArgumentException().isThrownBy(() -> two().withStepWithin(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> two().withStepWithin(Duration.ofSeconds(Long.MAX_VALUE)));
    }

    @Test
    void planStartsActorsAnewEachTime() throws InterruptedException {
        Interleaving.Plan plan = two().withOrder("a:1", "b:1");
        for (int i = 0; i < 2; i++) {
            try (Interleaving run = plan.start()) {
                run.runToEnd();
            }
        }
        assertThat(log).hasSize(12);
    }

    @Test
    void actorsSeeTheWritesOfEachOther() throws InterruptedException {
        int[] plain = {0};
        ActorBody adder = checkpoints -> {
            for (int i = 0; i < 100; i++) {
                int read = plain[0];
                checkpoints.reach("read");
                plain[0] = read + 1;
                checkpoints.reach("written");
            }
        };
        List<Point> order = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            for (String actor : List.of("a", "b")) {
                order.add(new Point(actor, "read"));
                order.add(new Point(actor, "written"));
            }
        }
        // Both read before the plan begins, so each writes a value that the other one does not see.
        try (Interleaving run = Interleaving.plan()
                .withActor("a", adder)
                .withActor("b", adder)
                .withOrder(order)
                .start()) {
            run.runToEnd();
            assertThat(texts(run.history().planned())).isEqualTo(texts(order));
        }
        assertThat(plain[0]).as("each increment of one actor is lost").isEqualTo(100);
    }

    @Test
    void atMostOneActorMoves() throws InterruptedException {
        AtomicBoolean busy = new AtomicBoolean();
        AtomicBoolean overlapped = new AtomicBoolean();
        ActorBody body = checkpoints -> {
            for (int i = 0; i < 50; i++) {
                overlapped.compareAndSet(false, !busy.compareAndSet(false, true));
                Thread.yield();
                busy.set(false);
                checkpoints.reach("loop");
            }
        };
        List<Point> order = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            order.add(new Point("a", "loop"));
            order.add(new Point("b", "loop"));
            order.add(new Point("c", "loop"));
        }
        try (Interleaving run = Interleaving.plan()
                .withActor("a", body)
                .withActor("b", body)
                .withActor("c", body)
                .withOrder(order)
                .start()) {
            run.runToEnd();
        }
        assertThat(overlapped).as("two actors moved at once").isFalse();
    }

    /** A thread with its result. */
    private static final class Caller extends CompletableFuture<Object> {
        private final Thread thread;

        Caller(java.util.concurrent.Callable<?> call) {
            thread = new Thread(() -> {
                try {
                    complete(call.call());
                } catch (Throwable e) {
                    completeExceptionally(e);
                }
            });
            thread.start();
        }

        @Override
        public Object get() throws InterruptedException, ExecutionException {
            try {
                return get(50, TimeUnit.SECONDS);
            } catch (java.util.concurrent.TimeoutException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static Caller inThread(java.util.concurrent.Callable<?> call) {
        return new Caller(call);
    }
}
