package org.atex.reportportal;

import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestRecord;
import org.atex.artifacts.AttemptMessage;
import org.jspecify.annotations.Nullable;

/** The statuses, levels and messages of attempts and their parts. */
final class Words {
    static final String PASSED = "PASSED";
    static final String FAILED = "FAILED";
    static final String SKIPPED = "SKIPPED";
    static final String INTERRUPTED = "INTERRUPTED";
    static final String CANCELLED = "CANCELLED";
    static final String WARN = "WARN";
    static final String INFO = "INFO";
    static final String ERROR = "ERROR";

    private Words() {}

    /** {@return the status of an attempt with this outcome} */
    static String status(Outcome outcome) {
        return switch (outcome) {
            case PASSED -> PASSED;
            case FAILED, ERROR, TIMED_OUT -> FAILED;
            case SKIPPED, NOT_RUN -> SKIPPED;
            case LOST, SETUP_FAILED -> INTERRUPTED;
            case CANCELLED -> CANCELLED;
        };
    }

    /** {@return whether the infrastructure ended an attempt with this outcome} */
    static boolean isInfrastructure(Outcome outcome) {
        return outcome == Outcome.LOST || outcome == Outcome.SETUP_FAILED;
    }

    /** {@return the status of a part; a part without a status is information} */
    static String status(@Nullable Status status) {
        return switch (status == null ? "info" : status.word()) {
            case "pass" -> PASSED;
            case "info" -> INFO;
            case "warn" -> WARN;
            case "skip" -> SKIPPED;
            case "infra" -> INTERRUPTED;
            default -> FAILED;
        };
    }

    /** {@return whether the status of a step says the same as this word} */
    static boolean isPlain(@Nullable Status status) {
        return switch (status == null ? "" : status.word()) {
            case "pass", "fail", "info", "warn", "skip" -> true;
            default -> false;
        };
    }

    /** {@return the worse one of two statuses of parts} */
    static String worse(String one, String other) {
        return rank(one) >= rank(other) ? one : other;
    }

    private static int rank(String status) {
        return switch (status) {
            case FAILED -> 5;
            case INTERRUPTED -> 4;
            case WARN -> 3;
            case PASSED -> 2;
            case INFO -> 1;
            default -> 0;
        };
    }

    /** {@return the level of the logs of an item with this status} The service analyses failures by their errors. */
    static String level(String status) {
        return switch (status) {
            case FAILED, INTERRUPTED -> ERROR;
            case WARN, CANCELLED -> WARN;
            default -> INFO;
        };
    }

    /**
     * {@return the message of an attempt; empty if there is nothing to say}
     *
     * @param own the final result of the test itself, or null
     * @param bad the number of parts that need attention
     */
    static String message(TestRecord record, @Nullable ReportedResult own, int bad) {
        String outcome = AttemptMessage.of(record, own, bad);
        KnownFailure known = record.known();
        return known == null ? outcome : known + (outcome.isEmpty() ? "" : "; " + outcome);
    }

    /** {@return a line about a result: the word of its status and its note} */
    static String line(ReportedResult result) {
        String word = result.status() == null ? "result" : result.status().word();
        return result.note() == null ? word : word + ": " + result.note();
    }
}
