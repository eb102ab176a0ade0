package org.atex.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Random scenarios on a virtual clock, compared with a model that looks at each event alone. */
class TimetablePropertyTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long NEVER = Long.MAX_VALUE;
    private static final long INTERRUPT_PERIOD = Timetable.nanos(Timetable.INTERRUPT_PERIOD);
    private static final long STOP_PERIOD = Timetable.nanos(Timetable.STOP_PERIOD);

    /** The length of an occurrence, and of its reaction to an interrupt. */
    private record Length(long nanos, long reaction) {}

    /** A scenario and everything that happens to it. */
    private static final class World {
        private final Random random;
        private final Scenario scenario;
        private final long duration;
        private final long seed;

        World(long seed) {
            this.seed = seed;
            random = new Random(seed);
            duration = seconds(1 + random.nextInt(60));
            List<Event> events = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(6); i++) {
                events.add(event("e" + i));
            }
            scenario = Scenario.of("/scenario", Duration.ofNanos(duration), events)
                    .withGracePeriod(Duration.ofSeconds(random.nextInt(10)))
                    .withEndLimit(Duration.ofSeconds(1 + random.nextInt(20)));
        }

        private Event event(String name) {
            Event event = Event.atStart(name, occurrence -> {})
                    .withOverlap(Overlap.values()[random.nextInt(3)])
                    .withAtEnd(random.nextInt(3) == 0);
            if (event.overlap() == Overlap.PARALLEL) {
                event = event.withMaxParallel(1 + random.nextInt(3));
            }
            if (random.nextInt(5) > 0) {
                long interval = seconds(1) / 2 * (1 + random.nextInt(20));
                event = event.withInterval(Duration.ofNanos(interval));
                event = event.withAtStart(interval >= duration || random.nextBoolean());
            }
            return event;
        }

        /** The same on each call. */
        Length length(OccurrenceId id) {
            Random own = new Random(seed ^ (31L * id.event() + 1009 * id.number() + (id.atEnd() ? 5 : 0)));
            own.nextInt();
            // Never at the time at which something is due: the order of events at the same time would matter.
            long odd = 1 + own.nextInt(1000);
            long nanos = own.nextInt(20) == 0 ? NEVER : SECOND / 4 * own.nextInt(20) + odd;
            return new Length(nanos, own.nextInt(3) == 0 ? NEVER : SECOND / 3 * own.nextInt(10));
        }

        private static long seconds(long count) {
            return count * SECOND;
        }
    }

    private record End(long time, OccurrenceId id) {}

    /** Drives a timetable on a virtual clock. */
    private static final class Driver {
        private final World world;
        private final Timetable timetable;
        private final LongSupplier delay;
        private final PriorityQueue<End> ends = new PriorityQueue<>(Comparator.comparingLong(End::time)
                .thenComparingInt(end -> end.id().event()));
        private final Map<OccurrenceId, Long> started = new HashMap<>();
        private final Map<OccurrenceId, Long> due = new HashMap<>();
        private final List<OccurrenceId> order = new ArrayList<>();
        private final Set<OccurrenceId> running = new HashSet<>();
        private final Set<OccurrenceId> interrupted = new HashSet<>();
        private final Set<OccurrenceId> abandoned = new HashSet<>();
        private long pulledAt = NEVER;
        private long now;
        private boolean renewed;

        Driver(World world, long limit, LongSupplier delay) {
            this.world = world;
            this.delay = delay;
            timetable = new Timetable(world.scenario, limit, "limit");
        }

        void run(long endAt, long stopAt) {
            carryOut(timetable.advance(0));
            long end = endAt;
            long stop = stopAt;
            for (int steps = 0; !timetable.isDone(); steps++) {
                assertThat(steps)
                        .as("the number of steps of a scenario that must end")
                        .isLessThan(100_000);
                End next = ends.peek();
                long nextEnd = next == null ? NEVER : next.time();
                long time = Math.min(Math.min(timetable.nextTime(), nextEnd), Math.min(end, stop));
                assertThat(time).as("something happens until the end").isNotEqualTo(NEVER);
                now = Math.max(now, time) + delay.getAsLong();
                if (next != null && nextEnd <= now) {
                    ends.remove();
                    running.remove(next.id());
                    carryOut(timetable.ended(now, next.id()));
                } else {
                    carryOut(timetable.advance(now));
                    if (end <= now) {
                        end = NEVER;
                        carryOut(timetable.end(now));
                    }
                    if (stop <= now) {
                        stop = NEVER;
                        carryOut(timetable.stop(now, "interrupt"));
                    }
                }
            }
        }

        private void carryOut(List<Decision> decisions) {
            for (Decision decision : decisions) {
                switch (decision) {
                    case Decision.Start start -> {
                        OccurrenceId id = start.occurrence();
                        assertThat(started.put(id, now))
                                .as("%s starts once", id)
                                .isNull();
                        due.put(id, start.due());
                        order.add(id);
                        running.add(id);
                        assertThat(id.atEnd()).isEqualTo(renewed);
                        long length = world.length(id).nanos();
                        if (length != NEVER) {
                            ends.add(new End(now + length, id));
                        }
                    }
                    case Decision.Pull pull -> pulledAt = Math.min(pulledAt, now);
                    case Decision.NewSwitch unused -> renewed = true;
                    case Decision.Interrupt interrupt -> interrupt.occurrences().forEach(this::interrupt);
                    case Decision.Abandon abandon -> {
                        assertThat(running).isEqualTo(abandon.occurrences());
                        assertThat(interrupted).containsAll(abandon.occurrences());
                        abandoned.addAll(abandon.occurrences());
                        ends.removeIf(end -> abandon.occurrences().contains(end.id()));
                        running.clear();
                    }
                }
            }
        }

        private void interrupt(OccurrenceId id) {
            assertThat(running).contains(id);
            interrupted.add(id);
            long reaction = world.length(id).reaction();
            boolean endsBefore = reaction == NEVER
                    || ends.stream().anyMatch(end -> end.id().equals(id) && end.time() <= now + reaction);
            if (!endsBefore) {
                ends.removeIf(end -> end.id().equals(id));
                ends.add(new End(now + reaction, id));
            }
        }
    }

    /** The occurrences of one event: when each starts, and how many do not. */
    private record Expected(Map<OccurrenceId, Long> starts, long missed) {}

    /** @param end the last time at which occurrences start, if the scenario is ended then; or its duration */
    private static Expected expected(World world, int index, long end, boolean isEarly) {
        Event event = world.scenario.events().get(index);
        Map<OccurrenceId, Long> starts = new HashMap<>();
        List<Long> ends = new ArrayList<>();
        long missed = 0;
        Duration interval = event.interval();
        long first = event.runsAtStart() ? 0 : 1;
        long last = interval == null ? 0 : Long.MAX_VALUE;
        for (long k = first; k <= last && (event.runsAtStart() || interval != null); k++) {
            long due = interval == null ? 0 : k * interval.toNanos();
            if (isEarly ? due > end : due >= end) {
                break;
            }
            OccurrenceId id = new OccurrenceId(index, k, false);
            long start = due;
            boolean runs = switch (event.overlap()) {
                case SKIP -> ends.stream().noneMatch(time -> time > due);
                case PARALLEL -> ends.stream().filter(time -> time > due).count() < event.maxParallel();
                case QUEUE -> {
                    start = ends.stream().mapToLong(time -> time).max().orElse(0);
                    start = Math.max(start, due);
                    yield isEarly ? start <= end : start < end;
                }
            };
            if (runs) {
                starts.put(id, start);
                long length = world.length(id).nanos();
                ends.add(length == NEVER ? NEVER : start + length);
            } else {
                missed++;
            }
        }
        return new Expected(starts, missed);
    }

    private static void compare(World world, long killAt) {
        Driver driver = new Driver(world, NEVER, () -> 0);
        driver.run(killAt, NEVER);
        boolean isEarly = killAt < world.duration;
        long end = Math.min(killAt, world.duration);
        Map<OccurrenceId, Long> starts = new HashMap<>();
        for (int i = 0; i < world.scenario.events().size(); i++) {
            Expected expected = expected(world, i, end, isEarly);
            starts.putAll(expected.starts());
            assertThat(driver.timetable.missed(i))
                    .as(
                            "missed occurrences of %s in %s",
                            world.scenario.events().get(i), world.scenario)
                    .isEqualTo(expected.missed());
        }
        assertThat(driver.pulledAt).isEqualTo(end);
        long over = end;
        Set<OccurrenceId> abandoned = new HashSet<>();
        for (var start : starts.entrySet()) {
            over = Math.max(over, ended(world, start.getKey(), start.getValue(), end, abandoned));
        }
        long endLimit = over + world.scenario.endLimit().toNanos();
        for (int i = 0; i < world.scenario.events().size(); i++) {
            if (world.scenario.events().get(i).runsAtEnd()) {
                int index = i;
                OccurrenceId last = driver.order.stream()
                        .filter(id -> id.event() == index && id.atEnd())
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("an event at the end did not run"));
                starts.put(last, over);
                Length length = world.length(last);
                boolean isInTime = length.nanos() <= world.scenario.endLimit().toNanos();
                if (!isInTime && !reacts(length, over, endLimit)) {
                    abandoned.add(last);
                }
            }
        }
        assertThat(driver.started).as("starts in %s", world.scenario).isEqualTo(starts);
        assertThat(driver.abandoned).as("abandoned in %s", world.scenario).isEqualTo(abandoned);
        assertThat(driver.timetable.isTimedOut()).isFalse();
    }

    private static boolean reacts(Length length, long start, long interruptedAt) {
        long abandonedAt = interruptedAt + INTERRUPT_PERIOD;
        return length.reaction() != NEVER && interruptedAt + length.reaction() <= abandonedAt
                || length.nanos() != NEVER && start + length.nanos() <= abandonedAt;
    }

    /** Returns the time at which an occurrence is not waited for any more. */
    private static long ended(World world, OccurrenceId id, long start, long end, Set<OccurrenceId> abandoned) {
        Length length = world.length(id);
        long interrupt = end + world.scenario.gracePeriod().toNanos();
        if (length.nanos() != NEVER && start + length.nanos() <= interrupt) {
            return start + length.nanos();
        }
        if (!reacts(length, start, interrupt)) {
            abandoned.add(id);
            return interrupt + INTERRUPT_PERIOD;
        }
        long reaction = length.reaction() == NEVER ? NEVER : interrupt + length.reaction();
        long natural = length.nanos() == NEVER ? NEVER : start + length.nanos();
        return Math.min(reaction, natural);
    }

    @Property(tries = 10_000, seed = "17")
    void scenariosRunAsInTheModel(@ForAll long seed) {
        World world = new World(seed);
        compare(world, NEVER);
    }

    @Property(tries = 10_000, seed = "17")
    void killedScenariosRunAsInTheModel(@ForAll long seed) {
        World world = new World(seed);
        compare(world, world.random.nextLong(world.duration) / (SECOND / 8) * (SECOND / 8) + SECOND / 10);
    }

    @Property(tries = 5000, seed = "17")
    void stoppedScenariosEndInTime(@ForAll long seed) {
        World world = new World(seed);
        long latest = world.duration + 60 * SECOND;
        boolean byLimit = world.random.nextBoolean();
        long at = world.random.nextLong(latest);
        Driver driver = new Driver(world, byLimit ? at : NEVER, () -> 0);
        driver.run(world.random.nextInt(3) == 0 ? world.random.nextLong(latest) : NEVER, byLimit ? NEVER : at);
        assertThat(driver.now).isLessThanOrEqualTo(at + STOP_PERIOD);
        assertThat(driver.started.values()).allMatch(start -> start <= at);
        assertThat(driver.timetable.isTimedOut()).isEqualTo(byLimit && driver.pulledAt <= at && driver.now >= at);
    }

    @Property(tries = 5000, seed = "17")
    void delaysOfThisProgramDoNotAddUp(@ForAll long seed) {
        World world = new World(seed);
        long maxDelay = SECOND * 3;
        // A pause of the program now and then, and short delays otherwise.
        Random random = new Random(seed + 1);
        Driver driver = new Driver(
                world, NEVER, () -> random.nextInt(20) == 0 ? random.nextLong(maxDelay) : random.nextLong(1000));
        driver.run(NEVER, NEVER);
        for (int i = 0; i < world.scenario.events().size(); i++) {
            int index = i;
            Event event = world.scenario.events().get(i);
            Duration interval = event.interval();
            long all = interval == null
                    ? (event.runsAtStart() ? 1 : 0)
                    : (world.duration - 1) / interval.toNanos() + (event.runsAtStart() ? 1 : 0);
            long ran = driver.started.keySet().stream()
                    .filter(id -> id.event() == index && !id.atEnd())
                    .count();
            assertThat(ran + driver.timetable.missed(i))
                    .as("every occurrence of %s that was due ran or is counted", event)
                    .isEqualTo(all);
        }
        driver.started.forEach((id, start) -> {
            assertThat(start).isGreaterThanOrEqualTo(driver.due.get(id));
            if (!id.atEnd() && world.scenario.events().get(id.event()).overlap() != Overlap.QUEUE) {
                // The delays of all ends at the same time come before a start.
                assertThat(start - driver.due.get(id)).isLessThan(100 * maxDelay);
                @Nullable
                Duration interval = world.scenario.events().get(id.event()).interval();
                if (interval != null) {
                    assertThat(start - driver.due.get(id))
                            .as("an occurrence that is late by more than an interval is missed")
                            .isLessThan(interval.toNanos());
                }
            }
        });
    }

    @Test
    void threeHoursOfAnEventEachSecondDoNotDrift() {
        Scenario soak =
                Scenario.of("/soak", Duration.ofHours(3), Event.every("tick", Duration.ofSeconds(1), occurrence -> {}));
        Timetable timetable = new Timetable(soak, NEVER, "limit");
        Random random = new Random(1);
        long now = 0;
        long count = 0;
        long latest = 0;
        List<Decision> decisions = timetable.advance(now);
        while (!timetable.isDone()) {
            for (Decision decision : decisions) {
                if (decision instanceof Decision.Start start) {
                    assertThat(start.occurrence().number()).isEqualTo(count);
                    assertThat(start.due()).isEqualTo(count * SECOND);
                    latest = Math.max(latest, now - start.due());
                    count++;
                    decisions = timetable.ended(now + 300_000, start.occurrence());
                    assertThat(decisions).isEmpty();
                }
            }
            // The thread wakes up to 0.9 ms late each time.
            now = Math.max(now, timetable.nextTime()) + random.nextInt(900_000);
            decisions = timetable.advance(now);
        }
        assertThat(count).isEqualTo(10_800);
        assertThat(latest).as("the drift in nanoseconds").isLessThan(1_000_000);
    }
}
