package org.atex.interleave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(300)
@ExtendWith(LeakCheck.class)
class ExplorationTest {
    /** An account whose withdrawals can be lost if another one happens between the two steps. */
    private static class Account {
        final Checkpoints checkpoints = Checkpoints.ofCurrentActor();
        volatile int balance = 100;

        void withdraw(int amount) throws InterruptedException {
            int before = balance;
            if (before >= amount) {
                checkpoints.reach("checked");
                balance = before - amount;
                checkpoints.reach("withdrawn");
            }
        }
    }

    private static final class SafeAccount extends Account {
        @Override
        synchronized void withdraw(int amount) throws InterruptedException {
            super.withdraw(amount);
        }
    }

    private static Scenario withdrawals(Account account, String... names) {
        return trial -> {
            for (String name : names) {
                trial.actor(name, unused -> account.withdraw(10));
            }
            trial.check(() -> assertThat(account.balance).isEqualTo(100 - 10 * names.length));
        };
    }

    /** An actor with a number of points, which logs its name after each of them. */
    private static ActorBody points(int count, String name, List<String> log) {
        return checkpoints -> {
            log.add(name);
            for (int i = 0; i < count; i++) {
                checkpoints.reach("point " + i);
                log.add(name);
            }
        };
    }

    private static ExploredOrders logged(Map<String, Integer> counts, Set<List<String>> orders)
            throws InterruptedException {
        return Exploration.of(trial -> {
                    List<String> log = new ArrayList<>();
                    counts.forEach((name, count) -> trial.actor(name, points(count, name, log)));
                    trial.check(() -> assertThat(orders.add(log))
                            .as("the order %s is new", log)
                            .isTrue());
                })
                .explore();
    }

    @Test
    void allOrdersAreRunOnce() throws InterruptedException {
        Set<List<String>> orders = new HashSet<>();
        // 9! / (4! 3! 2!)
        assertThat(logged(Map.of("a", 3, "b", 2, "c", 1), orders)).isEqualTo(new ExploredOrders(1260, 0, true));
        assertThat(orders).hasSize(1260);
    }

    @Test
    void singleActorHasOneOrder() throws InterruptedException {
        assertThat(logged(Map.of("a", 3), new HashSet<>())).isEqualTo(new ExploredOrders(1, 0, true));
    }

    @Test
    void smallestFailingOrderIsReportedAsAPlan() throws InterruptedException {
        FailingOrderError error = catchThrowableOfType(
                FailingOrderError.class,
                () -> Exploration.of(trial ->
                                withdrawals(new Account(), "alice", "bob").prepare(trial))
                        .explore());
        assertThat(error)
                .hasMessageContainingAll(
                        "with 2 changes between actors",
                        ".withOrder(\"alice:start\", \"bob:start\", \"bob:checked\", \"bob:withdrawn\", \"alice:checked\","
                                + " \"alice:withdrawn\")")
                .hasCauseInstanceOf(AssertionError.class);
        Account account = new Account();
        try (Interleaving again = Interleaving.plan()
                .withActor("alice", unused -> account.withdraw(10))
                .withActor("bob", unused -> account.withdraw(10))
                .withOrder(error.order())
                .start()) {
            again.runToEnd();
        }
        assertThat(account.balance).as("the plan repeats the failure").isEqualTo(90);
    }

    @Test
    void lockMakesOrdersImpossibleButNotWrong() throws InterruptedException {
        ExploredOrders explored = Exploration.of(
                        trial -> withdrawals(new SafeAccount(), "alice", "bob").prepare(trial))
                .explore();
        // Each may start while the other one holds the lock, but cannot go on.
        assertThat(explored.orders()).isEqualTo(2);
        assertThat(explored.blocked()).isPositive();
        assertThat(explored.complete()).isTrue();
    }

    private static Scenario twoLocks(boolean sameOrder) {
        return trial -> {
            ReentrantLock left = new ReentrantLock();
            ReentrantLock right = new ReentrantLock();
            trial.actor("a", checkpoints -> both(left, right, checkpoints))
                    .actor("b", checkpoints -> both(sameOrder ? left : right, sameOrder ? right : left, checkpoints))
                    .actor("c", checkpoints -> checkpoints.reach("1"));
        };
    }

    private static void both(ReentrantLock first, ReentrantLock second, Checkpoints checkpoints)
            throws InterruptedException {
        first.lockInterruptibly();
        try {
            checkpoints.reach("between");
            second.lockInterruptibly();
            second.unlock();
        } finally {
            first.unlock();
        }
    }

    @Test
    void deadlockIsAFailureOfItsOrder() throws InterruptedException {
        FailingOrderError error = catchThrowableOfType(
                FailingOrderError.class, () -> Exploration.of(twoLocks(false)).explore());
        assertThat(error)
                .hasMessageContaining("deadlock: no actor can go on")
                .cause()
                .isInstanceOf(StuckActorException.class);
        assertThat(error.getCause().getSuppressed())
                .extracting(Throwable::getMessage)
                .anyMatch(text -> text.contains("waits for a lock that b holds"))
                .anyMatch(text -> text.contains("waits for a lock that a holds"));
        ReentrantLock left = new ReentrantLock();
        ReentrantLock right = new ReentrantLock();
        try (Interleaving again = Interleaving.plan()
                .withActor("a", checkpoints -> both(left, right, checkpoints))
                .withActor("b", checkpoints -> both(right, left, checkpoints))
                .withActor("c", checkpoints -> checkpoints.reach("1"))
                .withOrder(error.order())
                .start()) {
            assertThatThrownBy(again::runToEnd)
                    .isInstanceOf(StuckActorException.class)
                    .hasMessageContaining("waits for a lock");
        }
        assertThat(Exploration.of(twoLocks(true)).explore().complete()).isTrue();
    }

    @Test
    void randomOrdersFindADeadlock() {
        assertThatThrownBy(() -> Exploration.of(twoLocks(false)).explore(1, 20))
                .isInstanceOf(FailingOrderError.class)
                .hasMessageContaining("deadlock");
    }

    @Test
    void waitWithoutAnOwnerIsNoFailure() throws InterruptedException {
        ExploredOrders explored = Exploration.of(trial -> {
                    BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(1);
                    List<Integer> taken = new ArrayList<>();
                    trial.actor("consumer", checkpoints -> {
                                taken.add(queue.take());
                                checkpoints.reach("first");
                                taken.add(queue.take());
                            })
                            .actor("producer", checkpoints -> {
                                queue.put(1);
                                checkpoints.reach("first");
                                queue.put(2);
                            })
                            .check(() -> assertThat(taken).containsExactly(1, 2));
                })
                .withBlockedAfter(Duration.ofMillis(100))
                .explore();
        assertThat(explored.orders()).isEqualTo(1);
        assertThat(explored.blocked()).isEqualTo(3);
        assertThat(explored.complete()).isTrue();
    }

    @Test
    void pointsMayDependOnTheOrder() throws InterruptedException {
        Set<List<String>> orders = new HashSet<>();
        ExploredOrders explored = Exploration.of(trial -> {
                    AtomicInteger value = new AtomicInteger();
                    List<String> log = new ArrayList<>();
                    for (String name : List.of("a", "b")) {
                        trial.actor(name, checkpoints -> {
                            log.add(name);
                            int read = value.get();
                            checkpoints.reach("read");
                            log.add(name);
                            while (!value.compareAndSet(read, read + 1)) {
                                read = value.get();
                                checkpoints.reach("again");
                                log.add(name + " again");
                            }
                        });
                    }
                    trial.check(() -> {
                        assertThat(value).hasValue(2);
                        assertThat(orders.add(log)).isTrue();
                    });
                })
                .explore();
        assertThat(explored).isEqualTo(new ExploredOrders(6, 0, true));
        assertThat(orders).anyMatch(log -> log.contains("a again")).anyMatch(log -> !log.contains("a again"));
    }

    @Test
    void chosenPointsReduceTheOrders() throws InterruptedException {
        Exploration all = Exploration.of(trial ->
                trial.actor("a", points(3, "a", new ArrayList<>())).actor("b", points(3, "b", new ArrayList<>())));
        assertThat(all.explore().orders()).isEqualTo(70);
        assertThat(all.withPoints("a:point 1").explore().orders()).isEqualTo(3);
        assertThatIllegalArgumentException().isThrownBy(() -> all.withPoints("point 1"));
    }

    @Test
    void tooManyOrdersAreRefusedWithTheirNumber() {
        Exploration large = Exploration.of(trial ->
                trial.actor("a", points(9, "a", new ArrayList<>())).actor("b", points(9, "b", new ArrayList<>())));
        assertThatIllegalStateException()
                .isThrownBy(large::explore)
                .withMessageContaining("there are about 184756; call explore(seed, runs)");
    }

    @Test
    void randomOrdersAreDifferentAndDependOnTheSeed() throws InterruptedException {
        List<List<List<String>>> found = new ArrayList<>();
        for (long seed : new long[] {1, 1, 2}) {
            List<List<String>> orders = new ArrayList<>();
            ExploredOrders explored = Exploration.of(trial -> {
                        List<String> log = new ArrayList<>();
                        trial.actor("a", points(9, "a", log)).actor("b", points(9, "b", log));
                        trial.check(() -> orders.add(log));
                    })
                    .explore(seed, 50);
            assertThat(explored).isEqualTo(new ExploredOrders(50, 0, false));
            assertThat(orders).doesNotHaveDuplicates();
            found.add(orders);
        }
        assertThat(found.get(0)).isEqualTo(found.get(1)).isNotEqualTo(found.get(2));
    }

    @Test
    void fewOrdersAreAllRunInsteadOfRandomOnes() throws InterruptedException {
        Exploration small = Exploration.of(trial ->
                trial.actor("a", points(1, "a", new ArrayList<>())).actor("b", points(1, "b", new ArrayList<>())));
        assertThat(small.explore(1, 6)).isEqualTo(new ExploredOrders(6, 0, true));
        assertThat(small.explore(1, 5)).isEqualTo(new ExploredOrders(5, 0, false));
        assertThatIllegalArgumentException().isThrownBy(() -> small.explore(1, 0));
    }

    @Test
    void failingRandomOrderIsMadeSmaller() {
        FailingOrderError error = catchThrowableOfType(
                FailingOrderError.class,
                () -> Exploration.of(trial -> {
                            AtomicBoolean broken = new AtomicBoolean();
                            List<String> log = new ArrayList<>();
                            for (String name : List.of("a", "b", "c")) {
                                trial.actor(name, points(8, name, log));
                            }
                            // The order fails if b acts between two others of a.
                            trial.check(() -> assertThat(String.join("", log)).doesNotMatch(".*a.*b.*a.*"));
                        })
                        .explore(8131, 1000));
        assertThat(error).hasMessageContainingAll("with the seed 8131", "with 3 changes between actors");
        assertThat(error.order()).hasSize(27);
    }

    @Test
    void failureOfAnActorEndsThePlanWithTheOthersParked() {
        FailingOrderError error = catchThrowableOfType(
                FailingOrderError.class,
                () -> Exploration.of(trial -> {
                            AtomicBoolean open = new AtomicBoolean(true);
                            trial.actor("user", checkpoints -> {
                                        checkpoints.reach("opened");
                                        if (!open.get()) {
                                            throw new IOException("closed");
                                        }
                                        checkpoints.reach("used");
                                    })
                                    .actor("closer", checkpoints -> {
                                        open.set(false);
                                        checkpoints.reach("closed");
                                        open.set(true);
                                    });
                        })
                        .explore());
        assertThat(error).hasMessageContaining("actor user failed after user:opened: java.io.IOException: closed");
        assertThat(error.order())
                .extracting(Point::toString)
                .containsExactly("closer:start", "user:start", "user:opened", "closer:closed");
    }

    @Test
    void endlessActorsAreReported() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Exploration.of(trial -> {
                            AtomicBoolean done = new AtomicBoolean();
                            trial.actor("a", checkpoints -> {
                                        while (!done.get()) {
                                            checkpoints.reach("spin");
                                        }
                                    })
                                    .actor("b", checkpoints -> done.set(true));
                        })
                        .explore())
                .withMessageContaining("more than 10000 points")
                .withMessageContaining("a:spin");
    }

    @Test
    void spinningWithoutAPointWaitsForAnotherActor() throws InterruptedException {
        ExploredOrders explored = Exploration.of(trial -> {
                    AtomicBoolean done = new AtomicBoolean();
                    trial.actor("a", checkpoints -> {
                                while (!done.get()) {
                                    if (Thread.interrupted()) {
                                        throw new InterruptedException();
                                    }
                                }
                            })
                            .actor("b", checkpoints -> done.set(true));
                })
                .withStepWithin(Duration.ofMillis(200))
                .explore();
        assertThat(explored).isEqualTo(new ExploredOrders(1, 1, true));
    }

    @Test
    void actorThatDoesNotEndStopsTheExploration() {
        AtomicBoolean stop = new AtomicBoolean();
        assertThatThrownBy(() -> Exploration.of(trial -> trial.actor("a", checkpoints -> {
                            while (!stop.get()) {
                                Thread.onSpinWait();
                            }
                        }))
                        .withStepWithin(Duration.ofMillis(100))
                        .explore())
                .isInstanceOf(FailingOrderError.class)
                .hasMessageContaining("No further order was run")
                .cause()
                .satisfies(e -> assertThat(e.getSuppressed())
                        .anyMatch(closing -> closing.getMessage().contains("could not end a within 100 ms")));
        stop.set(true);
    }

    @Test
    void flakyFailureIsSaidToDependOnMore() {
        AtomicInteger runs = new AtomicInteger();
        assertThatThrownBy(() -> Exploration.of(trial -> trial.actor("a", checkpoints -> checkpoints.reach("1"))
                                .actor("b", checkpoints -> checkpoints.reach("1"))
                                .check(() -> assertThat(runs.incrementAndGet()).isNotEqualTo(3)))
                        .explore())
                .hasMessageContaining("did not fail again");
    }

    @Test
    void resourcesOfEachTrialAreClosedInReverse() throws InterruptedException {
        List<String> closed = new ArrayList<>();
        Exploration exploration = Exploration.of(trial -> {
            AutoCloseable first = trial.closing(() -> closed.add("first"));
            AutoCloseable second = trial.closing(() -> closed.add("second"));
            trial.actor("a", checkpoints -> {
                assertThat(closed).doesNotContain(String.valueOf(first), String.valueOf(second));
            });
        });
        assertThat(exploration.explore().orders()).isEqualTo(1);
        assertThat(closed).containsExactly("second", "first");
    }

    @Test
    void failingResourceIsAFailure() {
        assertThatThrownBy(() -> Exploration.of(trial -> {
                            trial.closing(() -> {
                                throw new IOException("not deleted");
                            });
                            trial.actor("a", checkpoints -> {});
                        })
                        .explore())
                .isInstanceOf(FailingOrderError.class)
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void oneExceptionMayBeThrownTwice() {
        IllegalStateException same = new IllegalStateException("broken");
        AutoCloseable failing = () -> {
            throw same;
        };
        assertThatThrownBy(() -> Exploration.of(trial -> {
                            trial.closing(failing);
                            trial.closing(failing);
                            trial.actor("a", checkpoints -> {}).check(() -> {
                                throw same;
                            });
                        })
                        .explore())
                .isInstanceOf(FailingOrderError.class)
                .hasCause(same);
    }

    @Test
    void wrongScenariosAreReported() {
        List<String> closed = new ArrayList<>();
        assertThatIllegalStateException()
                .isThrownBy(() -> Exploration.of(trial -> {
                            trial.closing(() -> closed.add("closed"));
                            throw new IOException("no database");
                        })
                        .explore())
                .withMessageContaining("could not prepare a trial: java.io.IOException: no database");
        assertThat(closed).hasSize(1);
        assertThatIllegalStateException()
                .isThrownBy(() -> Exploration.of(trial -> {}).explore())
                .withMessageContaining("add at least one");
        AtomicInteger trials = new AtomicInteger();
        assertThatIllegalStateException()
                .isThrownBy(() -> Exploration.of(trial -> trial.actor("a" + trials.incrementAndGet(), unused -> {})
                                .actor("b", unused -> {}))
                        .explore())
                .withMessageContaining("add the same ones");
    }

    @Test
    void interruptStopsTheExploration() {
        Thread caller = Thread.currentThread();
        AtomicInteger trials = new AtomicInteger();
        assertThatThrownBy(() -> Exploration.of(trial -> {
                            List<String> log = new ArrayList<>();
                            trial.actor("a", points(3, "a", log)).actor("b", points(3, "b", log));
                            if (trials.incrementAndGet() == 5) {
                                caller.interrupt();
                            }
                        })
                        .explore())
                .isInstanceOf(InterruptedException.class);
        assertThat(trials).hasValue(5);
    }

    @Test
    void ordersJoinBlocksOfOneActor() {
        assertThat(Search.joined(List.of(0, 1, 0))).containsExactly(List.of(0, 0, 1), List.of(1, 0, 0));
        assertThat(Search.joined(List.of(0, 0, 1, 1))).isEmpty();
    }
}
