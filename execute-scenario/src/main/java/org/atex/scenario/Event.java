package org.atex.scenario;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atex.api.Command;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * An event of a {@link Scenario}: an action, and the times at which it runs.
 *
 * {@snippet :
 * Event play = Event.every("play", Duration.ofMinutes(5), occurrence -> player.play(occurrence.killSwitch()));
 * Event disk = Event.every("df", Duration.ofMinutes(1), Action.command(Command.of("df", "-h"))).withAtStart(false);
 * }
 *
 * <p>Thread safety: immutable, except for the action and the values of the parameters. Each {@code with…} method returns
 * a changed copy.
 *
 * @param name the name, unique in the scenario, without {@code #}
 * @param action the code of the event
 * @param interval the time from one occurrence to the next, or null for none
 * @param runsAtStart whether it runs at the start of the scenario. Without this, its first occurrence is due after one
 *     interval
 * @param runsAtEnd whether it runs after the end of the scenario
 * @param overlap the rule for an occurrence that is due while an earlier one still runs
 * @param maxParallel the maximum number of occurrences that run at the same time, for {@link Overlap#PARALLEL}
 * @param onFailure the consequence of a failed occurrence
 * @param parameters values for the action
 */
public record Event(
        String name,
        Action action,
        @Nullable Duration interval,
        boolean runsAtStart,
        boolean runsAtEnd,
        Overlap overlap,
        int maxParallel,
        OnFailure onFailure,
        Map<String, @Nullable Object> parameters) {
    private static final int MAX_PARALLEL = 16;

    /**
     * Copies the parameters.
     *
     * @throws IllegalArgumentException if the name is blank or contains {@code #}, the interval is not positive, or the
     *     maximum number is less than 1
     */
    public Event {
        if (name.isBlank() || name.indexOf('#') >= 0) {
            throw new IllegalArgumentException("an event needs a name without '#', which separates it from the number"
                    + " of an occurrence, but its name is '" + name + "'");
        }
        if (interval != null) {
            Arguments.positive(interval, "the interval of the event " + name);
        }
        Arguments.atLeast(1, maxParallel, "maxParallel of the event " + name);
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * {@return an event that runs once, at the start of the scenario}
     *
     * @param name the name of the event
     * @param action the code of the event
     */
    public static Event atStart(String name, Action action) {
        return new Event(name, action, null, true, false, Overlap.SKIP, MAX_PARALLEL, OnFailure.FAIL, Map.of());
    }

    /**
     * {@return an event that runs at the start of the scenario, and then in an interval}
     *
     * @param name the name of the event
     * @param interval the interval
     * @param action the code of the event
     */
    public static Event every(String name, Duration interval, Action action) {
        return atStart(name, action).withInterval(interval);
    }

    /**
     * {@return an event that runs once, after the end of the scenario}
     *
     * @param name the name of the event
     * @param action the code of the event
     */
    public static Event atEnd(String name, Action action) {
        return atStart(name, action).withAtStart(false).withAtEnd(true);
    }

    /**
     * {@return an event that runs a command once, at the start of the scenario}
     *
     * @param name the name of the event
     * @param command the command, see {@link Action#command}
     */
    public static Event command(String name, Command command) {
        return atStart(name, Action.command(command));
    }

    /**
     * {@return an event that runs a command from the start of the scenario to its end}
     *
     * @param name the name of the event
     * @param command the command, see {@link Action#background}
     */
    public static Event background(String name, Command command) {
        return atStart(name, Action.background(command));
    }

    /**
     * {@return this event with another name}
     *
     * @param value the name
     */
    public Event withName(String value) {
        return new Event(value, action, interval, runsAtStart, runsAtEnd, overlap, maxParallel, onFailure, parameters);
    }

    /**
     * {@return this event with another interval}
     *
     * @param value the interval, or null for none
     */
    public Event withInterval(@Nullable Duration value) {
        return new Event(name, action, value, runsAtStart, runsAtEnd, overlap, maxParallel, onFailure, parameters);
    }

    /**
     * {@return this event, to run at the start of the scenario or not}
     *
     * @param value whether it runs at the start
     */
    public Event withAtStart(boolean value) {
        return new Event(name, action, interval, value, runsAtEnd, overlap, maxParallel, onFailure, parameters);
    }

    /**
     * {@return this event, to run after the end of the scenario or not}
     *
     * @param value whether it runs after the end
     */
    public Event withAtEnd(boolean value) {
        return new Event(name, action, interval, runsAtStart, value, overlap, maxParallel, onFailure, parameters);
    }

    /**
     * {@return this event with another rule for overlapping occurrences}
     *
     * @param value the rule
     */
    public Event withOverlap(Overlap value) {
        return new Event(name, action, interval, runsAtStart, runsAtEnd, value, maxParallel, onFailure, parameters);
    }

    /**
     * {@return this event, with occurrences that run in parallel}
     *
     * @param max the maximum number that run at the same time; 16 by default
     */
    public Event withMaxParallel(int max) {
        return new Event(name, action, interval, runsAtStart, runsAtEnd, Overlap.PARALLEL, max, onFailure, parameters);
    }

    /**
     * {@return this event with another consequence of failed occurrences}
     *
     * @param value the consequence
     */
    public Event withOnFailure(OnFailure value) {
        return new Event(name, action, interval, runsAtStart, runsAtEnd, overlap, maxParallel, value, parameters);
    }

    /**
     * {@return this event with another parameter, which replaces one of the same name}
     *
     * @param key the name of the parameter
     * @param value the value; all occurrences share it
     */
    public Event withParameter(String key, @Nullable Object value) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(parameters);
        all.put(key, value);
        return withParameters(all);
    }

    /**
     * {@return this event with these parameters instead of its own}
     *
     * @param values the parameters; all occurrences share the values
     */
    public Event withParameters(Map<String, @Nullable Object> values) {
        return new Event(name, action, interval, runsAtStart, runsAtEnd, overlap, maxParallel, onFailure, values);
    }

    /** {@return the reason why this event never runs in a scenario of a duration, and the way out; null if it runs} */
    @Nullable
    String neverRuns(Duration duration) {
        if (runsAtStart || runsAtEnd) {
            return null;
        }
        if (interval == null) {
            return "has no interval, and runs neither at the start nor at the end";
        }
        return interval.compareTo(duration) < 0
                ? null
                : "does not run at the start, and its interval of " + Words.of(interval)
                        + " is not shorter than the scenario of " + Words.of(duration);
    }
}
