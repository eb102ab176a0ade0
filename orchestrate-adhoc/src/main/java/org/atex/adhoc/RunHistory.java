package org.atex.adhoc;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.RunEvent;
import org.atex.api.RunListener;
import org.atex.api.TestCase;
import org.atex.api.TestRecord;
import org.atex.artifacts.History;
import org.atex.artifacts.TestHistory;
import org.atex.support.Durations;
import org.jspecify.annotations.Nullable;

/**
 * The history of earlier runs that a run uses, and to which it adds its own attempts. A history that cannot be read or
 * written does not affect the run otherwise. Thread-safe.
 */
final class RunHistory implements RunListener {
    private static final int LEAST_PASSED = 5;
    private static final int LIMIT_FACTOR = 3;

    private final @Nullable Path file;
    private final History before;
    private final List<TestRecord> attempts = new ArrayList<>();
    private History systems = History.empty();
    private String run = "";

    private RunHistory(@Nullable Path file, History before) {
        this.file = file;
        this.before = before;
    }

    /**
     * Reads a history.
     *
     * @param file its file, or null if the run has none
     * @param limit the time limit
     * @param notes receives problems
     */
    static RunHistory read(@Nullable Path file, Guard guard, Duration limit, List<String> notes) {
        if (file == null) {
            return new RunHistory(null, History.empty());
        }
        Guard.Result<History> result =
                guard.call(Guard.Phase.WORK, "the history " + file, limit, () -> History.read(file), late -> {});
        if (result instanceof Guard.Result.Done<History>(History known)) {
            notes.addAll(known.problems());
            return new RunHistory(file, known);
        }
        notes.add("the history " + file + " could not be read: " + result.problem());
        return new RunHistory(file, History.empty());
    }

    boolean isKept() {
        return file != null;
    }

    /** {@return the history of earlier runs} */
    History before() {
        return before;
    }

    /**
     * {@return the properties of a test, with the expected duration and the limit that follow from the history}
     *
     * @param floor the shortest limit that follows from it, or null if limits stay as they are declared
     */
    FactsReader.Facts complete(FactsReader.Facts test, @Nullable Duration floor) {
        if (!test.problem().isEmpty()) {
            return test;
        }
        TestHistory known = before.test(test.facts().name());
        FactsReader.Facts complete = test;
        Duration expected = known.expected();
        if (test.facts().expected() == null && expected != null) {
            complete = complete.withExpected(expected);
        }
        Duration p99 = known.p99();
        // A test that always fails early says nothing about the time that it needs to pass.
        if (floor != null && p99 != null && known.passed() >= LEAST_PASSED) {
            Duration limit = max(floor, p99.multipliedBy(LIMIT_FACTOR));
            Duration declared = test.facts().limit();
            if (declared == null || limit.compareTo(declared) < 0) {
                complete = complete.withLimit(
                        limit,
                        "its limit of " + Durations.words(limit) + " follows from " + known.samples()
                                + " earlier attempts, of which 99 % took at most " + Durations.words(p99)
                                + (declared == null ? "" : "; the declared limit is " + Durations.words(declared)));
            }
        }
        return complete;
    }

    private static Duration max(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    @Override
    public synchronized void on(RunEvent event) {
        run = event.stamp().run();
        if (event instanceof RunEvent.TestFinished finished) {
            attempts.add(finished.record());
        } else if (event instanceof RunEvent.SystemReady ready) {
            systems = systems.withReady(run, ready.system(), ready.at(), ready.sinceAsked());
        }
    }

    /** Adds the attempts of the run to the file. {@return the problems} */
    List<String> save(Guard guard, Duration limit) {
        Path to = file;
        if (to == null) {
            return List.of();
        }
        Guard.Result<History> result =
                guard.call(Guard.Phase.STORE, "the history " + to, limit, () -> add(to), late -> {});
        return result instanceof Guard.Result.Done<History>(History all)
                ? all.problems().stream()
                        .filter(problem -> !before.problems().contains(problem))
                        .toList()
                : List.of("this run could not be added to the history " + to + ": " + result.problem());
    }

    private synchronized History add(Path to) throws IOException, InterruptedException {
        return History.add(to, History.of(run, attempts).with(systems));
    }

    /**
     * A test with properties from the history.
     *
     * @param expected its expected duration, or null if it is not known
     * @param limit its limit, or null for none
     */
    record Completed(
            TestCase wrapped,
            @Nullable Duration expected,
            @Nullable Duration limit) implements TestCase {
        @Override
        public String name() {
            return wrapped.name();
        }
    }
}
