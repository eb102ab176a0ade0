package org.atex.console;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.atex.api.RunEvent;

/** The running tests and their reminders. Not thread-safe. */
final class RunningTests {
    private static final int NAMES = 3;
    /** The maximum number of tests with a reminder line of their own at one time. */
    private static final int LINES = 5;

    private record Running(RunEvent.TestStarted start, Reminder reminder) {
        Duration since(Instant now) {
            return Duration.between(start.at(), now);
        }

        String told(Instant now) {
            return Text.name(start.test().name()) + " for " + Text.shown(since(now));
        }

        String inFull(Instant now) {
            return Text.headed(
                    "running", told(now) + " on " + Text.name(start.system().name()) + expected(now));
        }

        private String expected(Instant now) {
            Duration expected = start.test().expected();
            if (expected == null) {
                return "";
            }
            Duration left = expected.minus(since(now));
            String end = left.isNegative()
                    ? Text.shown(left.negated()) + " more than expected"
                    : "expected to end in " + Text.shown(left);
            return ", " + end;
        }
    }

    private final Map<String, Running> tests = new LinkedHashMap<>();

    void started(RunEvent.TestStarted start) {
        tests.put(start.test().name(), new Running(start, new Reminder()));
    }

    void ended(String test) {
        tests.remove(test);
    }

    /** Returns the number of running tests and the names of the first three. */
    @Override
    public String toString() {
        String names = tests.keySet().stream().limit(NAMES).map(Text::name).collect(Collectors.joining(", "));
        return tests.size() + " running" + (names.isEmpty() ? "" : ": " + names) + (tests.size() > NAMES ? " …" : "");
    }

    /** Returns a reminder line for each test that is due, or one line for all of them if there are many. */
    List<String> reminders(Instant now) {
        List<Running> due = new ArrayList<>();
        for (Running test : tests.values()) {
            if (test.reminder.isDue(test.since(now))) {
                due.add(test);
            }
        }
        if (due.size() <= LINES) {
            return due.stream().map(test -> test.inFull(now)).toList();
        }
        String longest = due.stream()
                .sorted(Comparator.comparing((Running test) -> test.start.at()))
                .limit(NAMES)
                .map(test -> test.told(now))
                .collect(Collectors.joining(", "));
        return List.of(Text.headed("running", due.size() + " tests still, the longest: " + longest));
    }
}
