package org.atex.junit;

import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import org.atex.api.Excerpt;
import org.atex.api.KnownFailure;
import org.atex.api.Outcome;
import org.atex.api.ReportedResult;
import org.atex.api.SystemInfo;
import org.atex.api.TestRecord;
import org.atex.api.TestSource;
import org.atex.api.TestSummary;
import org.atex.api.Verdict;
import org.atex.artifacts.AttemptMessage;
import org.atex.support.Durations;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.IncompleteExecutionException;
import org.opentest4j.TestAbortedException;

/**
 * A test that has ended.
 *
 * @param record its last attempt
 * @param excerpt the failed parts and the end of the output
 * @param files the directory of its files; null if it is not known
 */
record EndedTest(
        TestRecord record, Excerpt excerpt, @Nullable Path files) implements RunThread.Shown {
    /** {@return a test of a run that has ended} */
    static EndedTest of(TestSummary test) {
        TestRecord last = test.attempts().isEmpty()
                ? TestRecord.notRun(
                        "",
                        test.test(),
                        test.end().note() == null ? "" : test.end().note())
                : test.attempts().get(test.attempts().size() - 1);
        return new EndedTest(last, test.excerpt(), test.files());
    }

    /** {@return the address of the file of the test, in the form that JUnit expects; null if it is not known} */
    @Nullable
    URI source(@Nullable Path root) {
        TestSource source = record.test().source();
        if (root == null || source == null) {
            return null;
        }
        URI file = root.toAbsolutePath().resolve(source.file()).toUri();
        return source.line() == 0 ? file : URI.create(file + "?line=" + source.line());
    }

    /** Returns if the test has passed. */
    void check() {
        Outcome outcome = record.end().outcome();
        KnownFailure known = record.known();
        if (outcome == Outcome.PASSED) {
            return;
        }
        if (outcome == Outcome.SKIPPED || outcome == Outcome.NOT_RUN) {
            throw bare(new TestAbortedException(reason()));
        }
        if (known != null) {
            throw bare(new TestAbortedException("known failure, " + known.reason() + ": " + message()));
        }
        if (outcome.verdict() == Verdict.FAILED) {
            throw bare(new AssertionFailedError(message()));
        }
        throw bare(new IncompleteExecutionException(message()));
    }

    /** {@return an exception without a stack trace, which would show only this library} */
    static <E extends Throwable> E bare(E exception) {
        exception.setStackTrace(new StackTraceElement[0]);
        return exception;
    }

    private String reason() {
        return printable(AttemptMessage.of(record, null, excerpt.parts().size()));
    }

    private String message() {
        StringBuilder text = new StringBuilder(reason());
        SystemInfo system = record.system();
        text.append("\n  ").append(record.end().outcome().name().toLowerCase(Locale.ROOT));
        if (system != null) {
            text.append(" on ").append(printable(system.name()));
        }
        text.append(" after ").append(Durations.words(record.took()));
        if (record.attempt() > 1) {
            text.append(", attempt ").append(record.attempt());
        }
        for (ReportedResult part : excerpt.parts()) {
            text.append("\n  ").append(part(part));
        }
        for (String line : excerpt.lastLines()) {
            text.append("\n  | ").append(printable(line));
        }
        if (files != null) {
            text.append("\n  files: ").append(files);
        }
        return text.toString();
    }

    private static String part(ReportedResult part) {
        String status = part.status() == null ? "" : part.status().word() + " ";
        String note = part.note() == null ? "" : ": " + part.note();
        return printable(status + part.name() + note);
    }

    /** {@return text of a test without characters that control a terminal, or that XML does not have} */
    static String printable(String text) {
        return text.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? 0xfffd : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
