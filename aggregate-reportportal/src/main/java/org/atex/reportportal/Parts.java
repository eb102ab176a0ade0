package org.atex.reportportal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.atex.api.ReportedResult;

/**
 * The parts of a test, as nested steps: the result {@code a/b} is the step {@code b} in the step {@code a}. A test
 * reports a result before or after those below it; results in another order get steps of their own with the same name.
 *
 * <p>Memory use depends on the depth of the names only. Not thread-safe.
 */
final class Parts {
    private static final int MAX_DEPTH = 10;

    private final Calls calls;
    private final UUID test;
    private final Times times;

    /** The steps that are not finished, each in the one before. */
    private final List<Step> open = new ArrayList<>();

    Parts(Calls calls, UUID test, Times times) {
        this.calls = calls;
        this.test = test;
        this.times = times;
    }

    private static final class Step {
        private final String name;
        private final UUID uuid;
        private String status = Words.SKIPPED;

        /** Whether the test has reported a result for this step itself. */
        private boolean reported;

        Step(String name, UUID uuid) {
            this.name = name;
            this.uuid = uuid;
        }
    }

    /** {@return the step of a result, for its logs} */
    UUID step(ReportedResult result, String name) throws IOException {
        List<String> path = path(name);
        int common = 0;
        while (common < Math.min(open.size(), path.size())
                && open.get(common).name.equals(path.get(common))) {
            common++;
        }
        if (common == path.size() && open.get(common - 1).reported) {
            common--;
        }
        finishTo(common);
        for (String part : path.subList(common, path.size())) {
            UUID parent = open.isEmpty() ? test : open.getLast().uuid;
            open.add(new Step(part, calls.start(parent, part, times.next())));
        }
        Step step = open.getLast();
        step.reported = true;
        step.status = Words.status(result.status());
        return step.uuid;
    }

    private static List<String> path(String name) {
        List<String> parts = Arrays.stream(name.split("/", -1))
                .filter(part -> !part.isEmpty())
                .toList();
        if (parts.isEmpty()) {
            return List.of(name);
        }
        if (parts.size() <= MAX_DEPTH) {
            return parts;
        }
        List<String> path = new ArrayList<>(parts.subList(0, MAX_DEPTH - 1));
        path.add(String.join("/", parts.subList(MAX_DEPTH - 1, parts.size())));
        return path;
    }

    /** Finishes all steps. */
    void finish() throws IOException {
        finishTo(0);
    }

    private void finishTo(int depth) throws IOException {
        while (open.size() > depth) {
            Step step = open.removeLast();
            calls.finish(step.uuid, times.next(), step.status);
            if (!open.isEmpty() && !open.getLast().reported) {
                Step parent = open.getLast();
                parent.status = Words.worse(parent.status, step.status);
            }
        }
    }

    /**
     * The times of parts and logs, which tests do not report: within the test, and in the order of the results. Not
     * thread-safe.
     */
    static final class Times {
        private final long end;
        private long next;

        Times(long start, long end) {
            this.next = start;
            this.end = end;
        }

        long next() {
            return next < end ? next++ : end;
        }
    }
}
