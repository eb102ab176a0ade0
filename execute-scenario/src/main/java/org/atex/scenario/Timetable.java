package org.atex.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The state of a scenario that runs: which occurrences start, how it ends, and in which order. A state machine without
 * threads, clock or I/O: its methods receive the time and return decisions.
 *
 * <p>All times are in nanoseconds after the start. The caller first advances it to 0, so that events at the start run
 * even in the shortest scenario; then again at {@link #nextTime()} or later, and at each event. Time must not go back.
 *
 * <p>Not thread-safe.
 */
final class Timetable {
    /** The time that an interrupted occurrence has to end before it is abandoned. */
    static final Duration INTERRUPT_PERIOD = Duration.ofSeconds(5);

    /** The same time if the scenario is stopped, which should not take long. */
    static final Duration STOP_PERIOD = Duration.ofSeconds(3);

    private enum Phase {
        /** Occurrences start when they are due. */
        EVENTS,
        /** The switch was pulled. */
        GRACE,
        /** Occurrences that did not end in the grace period were interrupted. */
        INTERRUPTED,
        /** The events at the end run. */
        AT_END,
        /** Events at the end exceeded their limit, and were interrupted. */
        AT_END_INTERRUPTED,
        /** The scenario was stopped, all occurrences were interrupted, and events at the end do not run. */
        STOPPED,
        /** Nothing runs any more, apart from abandoned occurrences. */
        DONE
    }

    private final List<EventTimes> events;
    private final long duration;
    private final long grace;
    private final Duration gracePeriod;
    private final long endLimit;
    private final long limit;
    private final String limitReason;
    private final Set<OccurrenceId> running = new LinkedHashSet<>();
    private Phase phase = Phase.EVENTS;
    /** The end of the present phase. */
    private long deadline;

    /** The reason to interrupt events at the end when their phase is over. */
    private String lateAtEnd;

    private boolean timedOut;

    /**
     * Creates a timetable.
     *
     * @param limit the time limit of the test
     * @param limitReason the reason that occurrences are told at this limit
     */
    Timetable(Scenario scenario, long limit, String limitReason) {
        events = scenario.events().stream().map(EventTimes::new).toList();
        duration = nanos(scenario.duration());
        gracePeriod = scenario.gracePeriod();
        grace = nanos(gracePeriod);
        endLimit = nanos(scenario.endLimit());
        lateAtEnd = "it did not end within the limit of " + Words.of(scenario.endLimit()) + " for events at the end";
        this.limit = limit;
        this.limitReason = limitReason;
        deadline = duration;
    }

    static long nanos(Duration time) {
        return TimeUnit.NANOSECONDS.convert(time);
    }

    /** {@return whether the scenario has ended, and no further decision follows} */
    boolean isDone() {
        return phase == Phase.DONE;
    }

    /** {@return whether the time limit of the test ended the scenario} */
    boolean isTimedOut() {
        return timedOut;
    }

    /** {@return the number of occurrences of an event that were due and did not start} */
    long missed(int event) {
        return events.get(event).missed;
    }

    /** {@return the time of the next decision if nothing happens until then; the maximum if there is none} */
    long nextTime() {
        if (phase == Phase.DONE) {
            return Long.MAX_VALUE;
        }
        long next = deadline;
        if (phase == Phase.EVENTS) {
            for (EventTimes event : events) {
                next = Math.min(next, event.nextDue());
            }
        }
        return phase == Phase.STOPPED ? next : Math.min(next, limit);
    }

    /** The time has come to {@code now}. */
    List<Decision> advance(long now) {
        List<Decision> decisions = new ArrayList<>();
        if (now >= limit && phase != Phase.STOPPED && phase != Phase.DONE) {
            timedOut = true;
            stop(now, limitReason, decisions);
        }
        Phase before;
        do {
            before = phase;
            step(now, decisions);
        } while (phase != before);
        return decisions;
    }

    /** An occurrence has ended. An abandoned one has no effect. */
    List<Decision> ended(long now, OccurrenceId occurrence) {
        if (running.remove(occurrence)) {
            events.get(occurrence.event()).running--;
        }
        return advance(now);
    }

    /** The kill switch was pulled, or the connection was lost: the scenario ends early. */
    List<Decision> end(long now) {
        List<Decision> decisions = new ArrayList<>();
        switch (phase) {
            case EVENTS -> endEvents(now, decisions);
            case AT_END -> {
                decisions.add(new Decision.Pull());
                if (plus(now, grace) < deadline) {
                    deadline = plus(now, grace);
                    lateAtEnd = "it did not end in the grace period of " + Words.of(gracePeriod)
                            + " after the kill switch was pulled";
                }
            }
            // It ends already.
            default -> {}
        }
        decisions.addAll(advance(now));
        return decisions;
    }

    /** The scenario ends now, without a grace period and without events at the end. */
    List<Decision> stop(long now, String reason) {
        List<Decision> decisions = new ArrayList<>();
        if (phase != Phase.STOPPED && phase != Phase.DONE) {
            stop(now, reason, decisions);
        }
        decisions.addAll(advance(now));
        return decisions;
    }

    private void stop(long now, String reason, List<Decision> decisions) {
        if (phase == Phase.EVENTS) {
            events.forEach(event -> event.missAll(now, duration));
        }
        phase = Phase.STOPPED;
        deadline = plus(now, nanos(STOP_PERIOD));
        decisions.add(new Decision.Pull());
        interrupt(reason, false, decisions);
    }

    /** Does everything that is due in the present phase, and moves to the next phase if this one is over. */
    private void step(long now, List<Decision> decisions) {
        switch (phase) {
            case EVENTS -> {
                if (now >= deadline) {
                    endEvents(now, decisions);
                } else {
                    startDue(now, decisions);
                }
            }
            case GRACE -> {
                if (running.isEmpty()) {
                    startEndEvents(now, decisions);
                } else if (now >= deadline) {
                    interrupt(
                            "it did not end in the grace period of " + Words.of(gracePeriod)
                                    + " after the end of the scenario",
                            true,
                            decisions);
                    phase = Phase.INTERRUPTED;
                    deadline = plus(now, nanos(INTERRUPT_PERIOD));
                }
            }
            case INTERRUPTED -> {
                if (running.isEmpty() || now >= deadline) {
                    abandon(decisions);
                    startEndEvents(now, decisions);
                }
            }
            case AT_END -> {
                if (running.isEmpty()) {
                    phase = Phase.DONE;
                } else if (now >= deadline) {
                    decisions.add(new Decision.Pull());
                    interrupt(lateAtEnd, true, decisions);
                    phase = Phase.AT_END_INTERRUPTED;
                    deadline = plus(now, nanos(INTERRUPT_PERIOD));
                }
            }
            case AT_END_INTERRUPTED, STOPPED -> {
                if (running.isEmpty() || now >= deadline) {
                    abandon(decisions);
                    phase = Phase.DONE;
                }
            }
            case DONE -> {}
        }
    }

    private void startDue(long now, List<Decision> decisions) {
        List<Decision.Start> starts = new ArrayList<>();
        for (int i = 0; i < events.size(); i++) {
            events.get(i).startDue(i, now, starts);
        }
        // Sorting is stable: of those due at the same time, the first event comes first.
        starts.sort(Comparator.comparingLong(Decision.Start::due));
        for (Decision.Start start : starts) {
            running.add(start.occurrence());
            decisions.add(start);
        }
    }

    private void endEvents(long now, List<Decision> decisions) {
        events.forEach(event -> event.missAll(now, duration));
        phase = Phase.GRACE;
        deadline = plus(now, grace);
        decisions.add(new Decision.Pull());
    }

    private void startEndEvents(long now, List<Decision> decisions) {
        phase = Phase.AT_END;
        deadline = plus(now, endLimit);
        decisions.add(new Decision.NewSwitch());
        for (int i = 0; i < events.size(); i++) {
            EventTimes event = events.get(i);
            if (event.atEnd) {
                event.running++;
                OccurrenceId last = new OccurrenceId(i, event.next, true);
                running.add(last);
                decisions.add(new Decision.Start(last, now));
            }
        }
    }

    private void interrupt(String reason, boolean isFailure, List<Decision> decisions) {
        if (!running.isEmpty()) {
            decisions.add(new Decision.Interrupt(Set.copyOf(running), reason, isFailure));
        }
    }

    private void abandon(List<Decision> decisions) {
        if (!running.isEmpty()) {
            decisions.add(new Decision.Abandon(Set.copyOf(running)));
            running.forEach(occurrence -> events.get(occurrence.event()).running--);
            running.clear();
        }
    }

    private static long plus(long time, long nanos) {
        return time > Long.MAX_VALUE - nanos ? Long.MAX_VALUE : time + nanos;
    }

    /** The occurrences of one event. */
    private static final class EventTimes {
        private final long interval;
        private final Overlap overlap;
        private final int maxRunning;
        private final boolean atEnd;
        /** The number of the next occurrence that becomes due, if any does. */
        private long next;

        private boolean hasNext;
        /** The number of occurrences before {@link #next} that wait for the end of earlier ones. */
        private long waiting;

        private int running;
        private long missed;

        EventTimes(Event event) {
            Duration every = event.interval();
            interval = every == null ? Long.MAX_VALUE : nanos(every);
            overlap = event.overlap();
            maxRunning = overlap == Overlap.PARALLEL ? event.maxParallel() : 1;
            atEnd = event.runsAtEnd();
            hasNext = event.runsAtStart() || every != null;
            next = !event.runsAtStart() && every != null ? 1 : 0;
        }

        private long due(long number) {
            return number == 0 || interval <= Long.MAX_VALUE / number ? number * interval : Long.MAX_VALUE;
        }

        long nextDue() {
            return hasNext ? due(next) : Long.MAX_VALUE;
        }

        void startDue(int index, long now, List<Decision.Start> starts) {
            if (nextDue() <= now) {
                // After a pause of this program, several may be due.
                long latest = now / interval;
                if (overlap == Overlap.QUEUE) {
                    waiting += latest - next + 1;
                } else {
                    missed += latest - next;
                    if (running < maxRunning) {
                        start(index, latest, starts);
                    } else {
                        missed++;
                    }
                }
                passed(latest);
            }
            if (waiting > 0 && running < maxRunning) {
                start(index, next - waiting, starts);
                waiting--;
            }
        }

        private void start(int index, long number, List<Decision.Start> starts) {
            running++;
            starts.add(new Decision.Start(new OccurrenceId(index, number, false), due(number)));
        }

        private void passed(long number) {
            next = number + 1;
            hasNext = interval != Long.MAX_VALUE;
        }

        /** Counts those that are due before the end and did not start as missed. */
        void missAll(long now, long duration) {
            missed += waiting;
            waiting = 0;
            long end = Math.min(now, duration - 1);
            if (nextDue() <= end) {
                long latest = end / interval;
                missed += latest - next + 1;
                passed(latest);
            }
            hasNext = false;
        }
    }
}
