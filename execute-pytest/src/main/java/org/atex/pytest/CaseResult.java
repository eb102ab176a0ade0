package org.atex.pytest;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atex.api.ReportedResult;
import org.atex.api.Status;
import org.jspecify.annotations.Nullable;

/**
 * The result of one case in a report of pytest. Immutable.
 *
 * @param file the file of the case, relative to the root directory of pytest; empty if unknown
 * @param name the part of its node id after the file, such as {@code TestSize::test_full[ext4]}; never blank
 * @param kind the kind of result
 * @param message the message in one line, or null
 * @param seconds the duration in seconds, or null if unknown
 */
record CaseResult(
        String file,
        String name,
        Kind kind,
        @Nullable String message,
        @Nullable Double seconds) {
    /** The kinds of results that pytest distinguishes. An unexpected pass that is not strict is reported as passed. */
    enum Kind {
        PASSED(Status.PASS),
        FAILED(Status.FAIL),
        /** An error outside of the case itself: in the set-up, the tear-down, or the collection. */
        ERROR(Status.ERROR),
        SKIPPED(Status.SKIP),
        /** An expected failure. It is neither a success nor a reason to look at the case. */
        XFAILED(Status.INFO);

        private final Status status;

        Kind(Status status) {
            this.status = status;
        }
    }

    /**
     * {@return the result of a part of a test}
     *
     * @param target the file that the test runs; the name of the part does not repeat it
     */
    ReportedResult part(String target) {
        Map<String, @Nullable Object> more = new LinkedHashMap<>();
        more.put("pytest", kind.name().toLowerCase(java.util.Locale.ROOT));
        if (seconds != null) {
            more.put("seconds", seconds);
        }
        String note = kind == Kind.XFAILED ? "expected to fail" + (message == null ? "" : ": " + message) : message;
        return ReportedResult.of(kind.status, note, List.of())
                .withName(partName(target))
                .withMore(more);
    }

    private String partName(String target) {
        boolean same = file.isEmpty() || target.equals(file) || target.endsWith("/" + file);
        return same ? name : file + "::" + name;
    }
}
