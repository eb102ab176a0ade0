package org.atex.artifacts;

import org.atex.api.ReportedResult;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/** Says in one text how an attempt ended, for aggregators. Thread-safe. */
public final class AttemptMessage {
    private AttemptMessage() {}

    /**
     * {@return the kind of the end and its reason; empty if there is nothing to say}
     *
     * @param record the attempt
     * @param own the final result of the test itself, or null
     * @param bad the number of parts that need attention
     */
    public static String of(TestRecord record, @Nullable ReportedResult own, int bad) {
        String why = why(record, own);
        return switch (record.end().outcome()) {
            case PASSED, SKIPPED -> why;
            case FAILED -> why.isEmpty() ? bad > 0 ? "failed results: " + bad : "failed" : why;
            case ERROR -> why.isEmpty() ? "error" : why;
            case TIMED_OUT -> "time limit: " + (why.isEmpty() ? "exceeded" : why);
            case LOST -> "infrastructure: " + (why.isEmpty() ? "the system was lost" : why);
            case SETUP_FAILED -> "infrastructure: " + (why.isEmpty() ? "setup failed" : why);
            case CANCELLED -> "cancelled: " + (why.isEmpty() ? "no reason given" : why);
            case NOT_RUN -> "not run: " + (why.isEmpty() ? "no reason given" : why);
        };
    }

    /** {@return the note of the runner, else that of a test that ended itself, else the exit code, else an empty text} */
    private static String why(TestRecord record, @Nullable ReportedResult own) {
        String note = record.end().note();
        if (note != null && !note.isBlank()) {
            return note;
        }
        boolean endedItself = switch (record.end().outcome()) {
            case PASSED, FAILED, ERROR, SKIPPED -> true;
            case TIMED_OUT, LOST, SETUP_FAILED, CANCELLED, NOT_RUN -> false;
        };
        if (endedItself && own != null && own.note() != null && !own.note().isBlank()) {
            return own.note();
        }
        Integer exitCode = record.end().exitCode();
        return exitCode == null || exitCode == 0 ? "" : "exit code " + exitCode;
    }
}
