package org.atex.interleave;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Random actors, orders, failures and closes. */
class InterleavingPropertyTest {
    /** The points that each actor reaches; small alphabets make names occur several times. */
    private static Map<String, List<String>> scripts(Random random, int actors) {
        Map<String, List<String>> scripts = new LinkedHashMap<>();
        for (int i = 0; i < actors; i++) {
            List<String> script = new ArrayList<>();
            int length = random.nextInt(8);
            for (int j = 0; j < length; j++) {
                script.add("p" + random.nextInt(3));
            }
            scripts.put("actor" + i, script);
        }
        return scripts;
    }

    /** A random order of all points with starts, and with random ends. */
    private static List<Point> order(Random random, Map<String, List<String>> scripts) {
        List<String> turns = new ArrayList<>();
        Map<String, List<Point>> own = new LinkedHashMap<>();
        scripts.forEach((name, script) -> {
            List<Point> points = new ArrayList<>();
            points.add(new Point(name, Point.START));
            script.forEach(point -> points.add(new Point(name, point)));
            if (random.nextBoolean()) {
                points.add(new Point(name, Point.END));
            }
            own.put(name, points);
            turns.addAll(Collections.nCopies(points.size(), name));
        });
        Collections.shuffle(turns, random);
        return turns.stream().map(name -> own.get(name).removeFirst()).toList();
    }

    private static Interleaving.Plan plan(
            List<Point> order, Map<String, List<String>> scripts, Function<List<String>, ActorBody> body) {
        Interleaving.Plan plan = Interleaving.plan().withOrder(order);
        for (var script : scripts.entrySet()) {
            plan = plan.withActor(script.getKey(), body.apply(script.getValue()));
        }
        return plan;
    }

    private static ActorBody following(List<String> script, AtomicInteger moving, AtomicInteger mostMoving) {
        return checkpoints -> {
            for (String point : script) {
                mostMoving.accumulateAndGet(moving.incrementAndGet(), Math::max);
                moving.decrementAndGet();
                checkpoints.reach(point);
            }
        };
    }

    private static Set<Thread> actorThreads() {
        Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
        // The JVM may list a thread for a moment after its end.
        threads.removeIf(thread -> !thread.isAlive() || !thread.getName().startsWith("atex-actor-"));
        return threads;
    }

    @Property(tries = 200)
    void historyEqualsThePlan(@ForAll Random random, @ForAll @IntRange(min = 1, max = 6) int actors) throws Exception {
        Map<String, List<String>> scripts = scripts(random, actors);
        List<Point> order = order(random, scripts);
        AtomicInteger moving = new AtomicInteger();
        AtomicInteger mostMoving = new AtomicInteger();
        Interleaving.Plan plan = plan(order, scripts, script -> following(script, moving, mostMoving));
        try (Interleaving run = plan.start()) {
            for (Point point : order) {
                if (random.nextInt(3) == 0) {
                    run.runTo(point);
                }
                assertThat(run.next()).contains(point);
            }
            assertThat(run.next()).isEmpty();
            assertThat(run.history().planned()).isEqualTo(order);
        }
        assertThat(mostMoving.get()).isLessThanOrEqualTo(1);
        assertThat(actorThreads()).isEmpty();
    }

    /** Unplanned points pass: a plan of a suffix of each actor's points is followed as well. */
    @Property(tries = 200)
    void partialPlansAreFollowed(@ForAll Random random, @ForAll @IntRange(min = 1, max = 4) int actors)
            throws Exception {
        Map<String, List<String>> scripts = scripts(random, actors);
        // Unique names, so that a point that is left out is not taken for a planned one.
        scripts.values().forEach(script -> {
            for (int i = 0; i < script.size(); i++) {
                script.set(i, script.get(i) + "-" + i);
            }
        });
        List<Point> planned = new ArrayList<>(order(random, scripts));
        planned.removeIf(point -> !point.isEnd() && random.nextInt(3) == 0);
        scripts.keySet().stream()
                .filter(name ->
                        planned.stream().noneMatch(point -> point.actor().equals(name)))
                .forEach(name -> planned.add(random.nextInt(planned.size() + 1), new Point(name, Point.START)));
        Interleaving.Plan plan =
                plan(planned, scripts, script -> following(script, new AtomicInteger(), new AtomicInteger()));
        try (Interleaving run = plan.start()) {
            run.runToEnd();
            assertThat(run.history().planned()).isEqualTo(planned);
            int all = scripts.values().stream()
                    .mapToInt(script -> script.size() + 2)
                    .sum();
            assertThat(run.history().entries()).hasSize(all);
            assertExact(run.history(), scripts);
        }
        assertThat(actorThreads()).isEmpty();
    }

    /** The whole history, unplanned points included, is a plan that gives the same history again. */
    private static void assertExact(History history, Map<String, List<String>> scripts) throws Exception {
        List<Point> exact = history.entries().stream().map(History.Entry::point).toList();
        Interleaving.Plan plan =
                plan(exact, scripts, script -> following(script, new AtomicInteger(), new AtomicInteger()));
        try (Interleaving run = plan.start()) {
            run.runToEnd();
            assertThat(run.history().planned()).isEqualTo(exact);
        }
    }

    private static final class Death extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Property(tries = 200)
    void nothingIsLeftAfterDeathsAndCloses(@ForAll Random random, @ForAll @IntRange(min = 1, max = 6) int actors)
            throws Exception {
        Map<String, List<String>> scripts = scripts(random, actors);
        List<Point> order = order(random, scripts);
        int steps = random.nextInt(order.size() + 1);
        Interleaving.Plan plan = plan(order, scripts, script -> {
            int death = random.nextInt(3) == 0 ? random.nextInt(script.size() + 1) : -1;
            boolean diesWhenClosed = random.nextInt(3) == 0;
            return checkpoints -> {
                for (int i = 0; i < script.size(); i++) {
                    die(i == death);
                    try {
                        checkpoints.reach(script.get(i));
                    } finally {
                        die(diesWhenClosed && Thread.currentThread().isInterrupted());
                    }
                }
                die(death == script.size());
            };
        });
        Throwable thrown = null;
        try (Interleaving run = plan.start()) {
            for (int i = 0; i < steps; i++) {
                var unused = run.next();
            }
        } catch (ActorFailedException e) {
            thrown = e;
        }
        if (thrown != null) {
            assertThat(thrown).hasCauseInstanceOf(Death.class);
            assertThat(thrown.getSuppressed()).allSatisfy(e -> assertThat(e).isInstanceOf(ActorFailedException.class));
        }
        assertThat(actorThreads()).isEmpty();
    }

    private static void die(boolean now) {
        if (now) {
            throw new Death();
        }
    }

    @Property(tries = 200)
    void closeAtAnyMomentEndsEverything(@ForAll Random random, @ForAll @IntRange(min = 1, max = 5) int actors)
            throws Exception {
        Map<String, List<String>> scripts = scripts(random, actors);
        Interleaving.Plan plan = plan(
                order(random, scripts), scripts, script -> following(script, new AtomicInteger(), new AtomicInteger()));
        CyclicBarrier together = new CyclicBarrier(2);
        int delay = random.nextInt(2000);
        Interleaving run = plan.start();
        Thread closer = Thread.ofPlatform().start(() -> {
            try {
                together.await();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            for (int i = 0; i < delay; i++) {
                Thread.onSpinWait();
            }
            run.close();
        });
        together.await();
        try {
            run.runToEnd();
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("closed");
        }
        closer.join();
        assertThat(actorThreads()).isEmpty();
    }

    /** All orders of small numbers of points, without duplicates. */
    @Property(tries = 15)
    void allOrdersAreRunOnce(@ForAll @Size(min = 1, max = 3) List<@IntRange(max = 2) Integer> counts)
            throws InterruptedException {
        Set<List<Integer>> seen = new HashSet<>();
        ExploredOrders explored = Exploration.of(trial -> {
                    List<Integer> log = new ArrayList<>();
                    for (int i = 0; i < counts.size(); i++) {
                        int actor = i;
                        trial.actor("actor" + i, checkpoints -> {
                            log.add(actor);
                            for (int j = 0; j < counts.get(actor); j++) {
                                checkpoints.reach("p");
                                log.add(actor);
                            }
                        });
                    }
                    trial.check(() -> assertThat(seen.add(log)).isTrue());
                })
                .explore();
        int total = 0;
        long expected = 1;
        for (int count : counts) {
            for (int i = 1; i <= count + 1; i++) {
                total++;
                expected = expected * total / i;
            }
        }
        assertThat(explored).isEqualTo(new ExploredOrders((int) expected, 0, true));
        assertThat(seen).hasSize((int) expected);
    }
}
