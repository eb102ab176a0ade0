package org.atex.adhoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who starts and who finishes a trail. */
@Timeout(180)
class TrailsTest {
    private final Trails trails = new Trails();
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());

    private Trails.Lease<String> enter(String name) throws Exception {
        return trails.enter(
                name,
                () -> {
                    log.add("start " + name);
                    return "value of " + name;
                },
                value -> log.add("finish " + value));
    }

    @Test
    void firstStartsAndLastFinishes() throws Exception {
        Trails.Lease<String> first = enter("a");
        Trails.Lease<String> second = enter("a");
        assertThat(first.isFirst()).isTrue();
        assertThat(second.isFirst()).isFalse();
        assertThat(second.value()).isEqualTo("value of a");
        first.close();
        first.close();
        assertThat(log).as("the second still uses it").containsExactly("start a");
        second.close();
        assertThat(log).containsExactly("start a", "finish value of a");
        enter("a").close();
        assertThat(log).hasSize(4);
    }

    @Test
    void trailsAreNested() throws Exception {
        try (Trails.Lease<String> outer = trails.enter(
                "outer",
                () -> {
                    try (Trails.Lease<String> inner = enter("inner")) {
                        return "with " + inner.value();
                    }
                },
                value -> log.add("finish outer"))) {
            assertThat(outer.value()).isEqualTo("with value of inner");
        }
        assertThat(log).containsExactly("start inner", "finish value of inner", "finish outer");
    }

    @Test
    void failedStartIsRemembered() throws Exception {
        Callable<String> broken = () -> {
            log.add("start");
            throw new IOException("no licence");
        };
        assertThatThrownBy(() -> trails.enter("a", broken, value -> {})).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> trails.enter("a", broken, value -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the trail a could not be started: java.io.IOException: no licence")
                .hasCauseInstanceOf(IOException.class);
        assertThat(log).containsExactly("start");
    }

    @Test
    void interruptedStartIsTriedAgain() throws Exception {
        assertThatThrownBy(() -> trails.enter(
                        "a",
                        () -> {
                            throw new InterruptedException("cancelled");
                        },
                        value -> {}))
                .isInstanceOf(InterruptedException.class);
        enter("a").close();
        assertThat(log).containsExactly("start a", "finish value of a");
    }

    @Test
    void failedEndCountsAsFinished() throws Exception {
        Trails.Lease<String> lease = trails.enter("a", () -> "value", value -> {
            throw new IOException("in use");
        });
        assertThatThrownBy(lease::close).isInstanceOf(IOException.class);
        enter("a").close();
        assertThat(log).containsExactly("start a", "finish value of a");
    }

    @Test
    void waitingUserCanBeInterrupted() throws Exception {
        CountDownLatch starting = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            Future<Trails.Lease<String>> first = threads.submit(() -> trails.enter(
                    "a",
                    () -> {
                        starting.countDown();
                        goOn.await();
                        return "value";
                    },
                    value -> log.add("finish")));
            starting.await();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> enter("a")).isInstanceOf(InterruptedException.class);
            goOn.countDown();
            first.get(30, TimeUnit.SECONDS).close();
        }
        assertThat(log).containsExactly("finish");
    }

    @Test
    void startsThatWaitForEachOtherAreRefused() throws Exception {
        CyclicBarrier both = new CyclicBarrier(2);
        AtomicInteger refused = new AtomicInteger();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Callable<String>> tasks =
                    List.of(crossing("a", "b", both, refused), crossing("b", "a", both, refused));
            for (Future<String> one : threads.invokeAll(tasks)) {
                one.get(30, TimeUnit.SECONDS);
            }
        }
        assertThat(refused.get()).as("refused").isPositive();
        assertThatThrownBy(() -> trails.enter("self", () -> enter("self"), value -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("its start or end waits for this thread");
    }

    private Callable<String> crossing(String outer, String inner, CyclicBarrier both, AtomicInteger refused) {
        return () -> {
            try (Trails.Lease<String> lease = trails.enter(
                    outer,
                    () -> {
                        both.await();
                        try (Trails.Lease<String> other = enter(inner)) {
                            return other.value();
                        }
                    },
                    value -> {})) {
                return lease.value();
            } catch (IllegalStateException e) {
                refused.incrementAndGet();
                return "refused";
            }
        };
    }

    @Test
    void randomUsersNeverSeeATrailThatIsNotStarted() throws Exception {
        int[] live = {0}; // guarded by the trail
        AtomicInteger starts = new AtomicInteger();
        AtomicInteger finishes = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<Boolean>> users = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                Random random = new Random(i);
                users.add(threads.submit(() -> {
                    try (Trails.Lease<int[]> lease = trails.enter(
                            "a",
                            () -> {
                                starts.incrementAndGet();
                                live[0]++;
                                return live;
                            },
                            value -> {
                                finishes.incrementAndGet();
                                value[0]--;
                            })) {
                        if (random.nextBoolean()) {
                            Thread.yield();
                        }
                        return lease.value()[0] == 1;
                    }
                }));
            }
            for (Future<Boolean> user : users) {
                assertThat(user.get(30, TimeUnit.SECONDS))
                        .as("started exactly once")
                        .isTrue();
            }
        }
        assertThat(finishes.get()).isEqualTo(starts.get());
    }

    @Test
    void allOrdersOfTwoUsersStartAndFinishAlike() {
        Lincheck.runConcurrentTest(300, () -> {
            Trails own = new Trails();
            AtomicInteger live = new AtomicInteger();
            Thread[] users = {new Thread(() -> use(own, live)), new Thread(() -> use(own, live))};
            for (Thread user : users) {
                user.start();
            }
            try {
                for (Thread user : users) {
                    user.join();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            if (live.get() != 0) {
                throw new AssertionError("not finished: " + live);
            }
        });
    }

    private static void use(Trails own, AtomicInteger live) {
        try (Trails.Lease<AtomicInteger> lease = own.enter(
                "a",
                () -> {
                    live.incrementAndGet();
                    return live;
                },
                AtomicInteger::decrementAndGet)) {
            if (lease.value().get() != 1) {
                throw new AssertionError("started " + lease.value() + " times");
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
