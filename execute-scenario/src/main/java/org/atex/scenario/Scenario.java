package org.atex.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * A test that is made of timed events, and lasts for a duration.
 *
 * {@snippet :
 * Scenario soak = Scenario.of("/soak", Duration.ofHours(3),
 *         Event.every("df", Duration.ofMinutes(5), Action.command(Command.of("df", "-h"))),
 *         Event.atEnd("report", occurrence -> occurrence.report(Status.INFO, "sysreport", collect(occurrence))));
 * }
 *
 * <p>All times count from the start of the scenario, so they do not drift: occurrence <i>k</i> of an event is due at
 * <i>k</i> × interval, before the end. {@code docs/scenarios.md} describes how a scenario runs and ends.
 *
 * <p>Thread safety: immutable; each {@code with…} method returns a changed copy. One scenario may run on several systems
 * at once, if its actions may.
 *
 * @param plan the properties of the test for the scheduler
 * @param duration the time from the start to the end; occurrences that are still running and events at the end come after
 *     it
 * @param events the events, at least one
 * @param gracePeriod the time that running occurrences have to end after the kill switch was pulled, before they are
 *     interrupted; 30 s by default
 * @param endLimit the time limit of all events at the end together; 5 min by default
 */
public record Scenario(PlainTest plan, Duration duration, List<Event> events, Duration gracePeriod, Duration endLimit)
        implements TestCase {
    private static final Duration GRACE_PERIOD = Duration.ofSeconds(30);
    private static final Duration END_LIMIT = Duration.ofMinutes(5);

    /** So that sums of times do not overflow. */
    static final Duration MAX_TIME = Duration.ofDays(36_500);

    /** The part of the default limit for connecting, and for ending commands that events left running. */
    private static final Duration RESERVE = Duration.ofSeconds(30);

    /**
     * Copies the events.
     *
     * @throws IllegalArgumentException if there is no event, two events have the same name, an event would never run, or
     *     a time is not positive (the grace period may be zero) or longer than 100 years
     */
    public Scenario {
        checkTime(Arguments.positive(duration, "the duration of the scenario " + plan.name()));
        checkTime(Arguments.positive(endLimit, "the limit of the events at the end of the scenario " + plan.name()));
        checkTime(gracePeriod);
        events = List.copyOf(events);
        if (events.isEmpty()) {
            throw new IllegalArgumentException(
                    "the scenario " + plan.name() + " has no events: add one, such as Event.atStart(name, action)");
        }
        Set<String> names = new HashSet<>();
        for (Event event : events) {
            if (!names.add(event.name())) {
                throw new IllegalArgumentException("two events of the scenario " + plan.name() + " have the name "
                        + event.name() + ", but results are named after events: rename one with withName(…)");
            }
            String why = event.neverRuns(duration);
            if (why != null) {
                throw new IllegalArgumentException("the event " + event.name() + " of the scenario " + plan.name()
                        + " would never run: it " + why);
            }
        }
    }

    private static void checkTime(Duration time) {
        if (time.isNegative() || time.compareTo(MAX_TIME) > 0) {
            throw new IllegalArgumentException(
                    "a time of a scenario must be from 0 to " + MAX_TIME.toDays() + " days, not " + time);
        }
    }

    /**
     * {@return a scenario with default properties}
     *
     * @param name the name of the test
     * @param duration the time from the start to the end
     * @param events the events; those at the start run in this order
     * @throws IllegalArgumentException if there is no event, two events have the same name, an event would never run, or
     *     the duration is not positive
     */
    public static Scenario of(String name, Duration duration, Event... events) {
        return of(name, duration, List.of(events));
    }

    /**
     * {@return a scenario with default properties}
     *
     * @param name the name of the test
     * @param duration the time from the start to the end
     * @param events the events; those at the start run in this order
     * @throws IllegalArgumentException if there is no event, two events have the same name, an event would never run, or
     *     the duration is not positive
     */
    public static Scenario of(String name, Duration duration, List<Event> events) {
        return new Scenario(TestCase.named(name), duration, events, GRACE_PERIOD, END_LIMIT);
    }

    @Override
    public String name() {
        return plan.name();
    }

    /** {@return the properties of the test for the scheduler} */
    @Override
    public PlainTest wrapped() {
        return plan;
    }

    /** {@return the expected duration of the plan; without one, the duration} */
    @Override
    public Duration expected() {
        Duration expected = plan.expected();
        return expected == null ? duration : expected;
    }

    /**
     * {@return the time limit of the plan; without one, the longest time that the scenario can take: the sum of the
     * duration, the grace period, the limit of the events at the end, and 40 s for interrupted occurrences, connecting
     * and closing}
     *
     * <p>A limit ends the scenario as {@link org.atex.api.Outcome#TIMED_OUT}, without a grace period and without events
     * at the end.
     */
    @Override
    public Duration limit() {
        Duration limit = plan.limit();
        return limit != null
                ? limit
                : duration.plus(gracePeriod)
                        .plus(endLimit)
                        .plus(Timetable.INTERRUPT_PERIOD.multipliedBy(2))
                        .plus(RESERVE);
    }

    /**
     * {@return this scenario with other properties for the scheduler}
     *
     * @param change makes the new properties from the present ones, for example {@code plan -> plan.withPriority(1)}
     */
    public Scenario withPlan(UnaryOperator<PlainTest> change) {
        return new Scenario(change.apply(plan), duration, events, gracePeriod, endLimit);
    }

    /**
     * {@return this scenario with another time limit}
     *
     * @param value the limit, or null for the default, see {@link #limit()}
     */
    public Scenario withLimit(@Nullable Duration value) {
        return withPlan(old -> old.withLimit(value));
    }

    /**
     * {@return this scenario with another duration}
     *
     * @param value the time from the start to the end
     * @throws IllegalArgumentException if it is not positive, or an event would never run
     */
    public Scenario withDuration(Duration value) {
        return new Scenario(plan, value, events, gracePeriod, endLimit);
    }

    /**
     * {@return this scenario with one more event}
     *
     * @param event the event
     * @throws IllegalArgumentException if there is an event of this name, or it would never run
     */
    public Scenario withEvent(Event event) {
        List<Event> more = new ArrayList<>(events);
        more.add(event);
        return new Scenario(plan, duration, more, gracePeriod, endLimit);
    }

    /**
     * {@return this scenario with another grace period}
     *
     * @param value the time from the pull of the switch to the interrupt, not negative
     */
    public Scenario withGracePeriod(Duration value) {
        return new Scenario(plan, duration, events, value, endLimit);
    }

    /**
     * {@return this scenario with another limit of the events at the end}
     *
     * @param value the time limit of all of them together
     */
    public Scenario withEndLimit(Duration value) {
        return new Scenario(plan, duration, events, gracePeriod, value);
    }
}
