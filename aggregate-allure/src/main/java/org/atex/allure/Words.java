package org.atex.allure;

import java.util.regex.Pattern;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestRecord;
import org.atex.artifacts.AttemptMessage;
import org.jspecify.annotations.Nullable;

/** The statuses and messages of attempts and steps. The categories of {@link ResultsDirectory} refer to them. */
final class Words {
    private static final Pattern UNPAIRED_SURROGATE = Pattern.compile("\\p{Cs}");

    private Words() {}

    /** {@return the status of an attempt with this outcome} */
    static String status(Outcome outcome) {
        return switch (outcome) {
            case PASSED -> "passed";
            case FAILED -> "failed";
            case ERROR, TIMED_OUT, LOST, SETUP_FAILED -> "broken";
            case SKIPPED, CANCELLED, NOT_RUN -> "skipped";
        };
    }

    /** {@return the status of a step; null if the test did not report one, which Allure shows as unknown} */
    static @Nullable String status(@Nullable Status status) {
        return status == null ? null : status(Outcome.of(status));
    }

    /** {@return whether a step with this status needs attention} */
    static boolean isBad(@Nullable Status status) {
        return status != null
                && switch (Outcome.of(status)) {
                    case PASSED, SKIPPED -> false;
                    default -> true;
                };
    }

    /**
     * {@return the message of an attempt; empty if there is nothing to say}
     *
     * @param own the final result of the test itself, or null
     * @param bad the number of subtests that need attention
     * @param failedBefore the number of the last attempt before it that failed; 0 if there is none
     */
    static String message(TestRecord record, @Nullable ReportedResult own, int bad, int failedBefore) {
        String outcome = AttemptMessage.of(record, own, bad);
        KnownFailure known = record.known();
        if (known != null) {
            return known + (outcome.isEmpty() ? "" : "; " + outcome);
        }
        if (failedBefore > 0 && record.end().outcome() == Outcome.PASSED) {
            return "flaky, failed in attempt " + failedBefore + (outcome.isEmpty() ? "" : "; " + outcome);
        }
        return outcome;
    }

    /** {@return a line about a result: the word of its status, its name and its note} */
    static String line(ReportedResult result) {
        StringBuilder line = new StringBuilder();
        line.append(result.status() == null ? "result" : result.status().word());
        if (result.name() != null) {
            line.append(' ').append(result.name());
        }
        if (result.note() != null) {
            line.append(": ").append(result.note());
        }
        return line.toString();
    }

    /** {@return the beginning of a text, without a character that is cut off at the end} */
    static String cut(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
        return text.substring(0, end) + " …";
    }

    /** {@return the text with unpaired surrogates, which UTF-8 cannot encode, replaced by U+FFFD} */
    static String wellFormed(String text) {
        // In a regular expression, a pair of surrogates is one character, which is not of this category.
        return UNPAIRED_SURROGATE.matcher(text).replaceAll("\ufffd");
    }
}
