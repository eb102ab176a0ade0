package org.atex.artifacts;

import java.util.ArrayList;
import java.util.List;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.atex.api.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * Collects the texts of a report about an attempt from its results: the message, and a line for each part that needs
 * attention. Memory use is bounded.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class AttemptNotes {
    /** Maximum length of a message or a line in characters: readers group failures by their messages. */
    public static final int MAX_MESSAGE = 1000;

    /** Maximum number of lines. */
    public static final int MAX_LINES = 100;

    private final TestRecord record;
    private final List<String> lines = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private int bad;
    private int refusals;
    private @Nullable ReportedResult own;

    /**
     * Creates notes without results.
     *
     * @param record the attempt
     */
    public AttemptNotes(TestRecord record) {
        this.record = record;
    }

    /**
     * {@return whether a result needs attention}
     *
     * @param status the status of the result, or null
     */
    public static boolean isBad(@Nullable Status status) {
        return status != null
                && switch (Outcome.of(status)) {
                    case PASSED, SKIPPED -> false;
                    default -> true;
                };
    }

    /**
     * Adds the next result of the test. Of several results of the test itself, the last one is the final result.
     *
     * @param result the result
     */
    public void add(ReportedResult result) {
        if (result.name() == null) {
            own = result;
        } else if (isBad(result.status()) && ++bad <= MAX_LINES) {
            lines.add(line(result));
        }
    }

    /**
     * Adds a file that is not stored, because it is missing, unreadable or not a regular file.
     *
     * @param name the name of the file
     */
    public void addRefused(String name) {
        if (++refusals <= MAX_LINES) {
            refused.add("file not stored, as it is missing, unreadable or not a regular file: "
                    + PlainText.cut(PlainText.line(name), MAX_MESSAGE));
        }
    }

    /** {@return the final result of the test itself; null if there is none} */
    public @Nullable ReportedResult own() {
        return own;
    }

    /** {@return how the attempt ended and why, and the known failure if it is one; empty if there is nothing to say} */
    public String message() {
        return PlainText.cut(PlainText.lines(wholeMessage()), MAX_MESSAGE);
    }

    private String wholeMessage() {
        String outcome = AttemptMessage.of(record, own, bad);
        KnownFailure known = record.known();
        if (known == null) {
            return outcome;
        }
        return known + (outcome.isEmpty() ? "" : "; " + outcome);
    }

    /** {@return the lines that the message does not have; empty if there are none} */
    public List<String> details() {
        List<String> details = new ArrayList<>();
        String message = wholeMessage();
        if (message.length() > MAX_MESSAGE) {
            details.add(PlainText.lines(message));
        }
        if (own != null && own.note() != null && !message.contains(own.note())) {
            details.add(line(own));
        }
        details.addAll(lines);
        if (bad > lines.size()) {
            details.add("and " + (bad - lines.size()) + " more");
        }
        details.addAll(refused);
        if (refusals > refused.size()) {
            details.add("and " + (refusals - refused.size()) + " more files");
        }
        return details;
    }

    private static String line(ReportedResult result) {
        StringBuilder line = new StringBuilder();
        line.append(result.status() == null ? "result" : result.status().word());
        if (result.name() != null) {
            line.append(' ').append(result.name());
        }
        if (result.note() != null) {
            line.append(": ").append(result.note());
        }
        return PlainText.cut(PlainText.line(line.toString()), MAX_MESSAGE);
    }
}
