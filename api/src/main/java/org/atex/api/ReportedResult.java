package org.atex.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A result that a test reported, about itself or about a part of it: one line of the {@code results} file in its {@link
 * Artifacts}. Immutable.
 *
 * @param status the status, or null if the test did not report one
 * @param name the name of the part, which may contain slashes; null for a result of the test itself
 * @param note a short text of one line, or null
 * @param files paths relative to {@link Artifacts#files()}, below the name of the part if there is one
 * @param more further keys of the result; their values are null, Boolean, Number, String, List or Map
 */
public record ReportedResult(
        @Nullable Status status,
        @Nullable String name,
        @Nullable String note,
        List<String> files,
        Map<String, @Nullable Object> more) {
    /**
     * Copies the collections.
     *
     * @param status the status, or null
     * @param name the name of the part, or null
     * @param note a short text of one line, or null
     * @param files paths relative to {@link Artifacts#files()}
     * @param more further keys of the result
     */
    // Not a compact constructor, because javac drops the nested type annotation of `more` there.
    public ReportedResult(
            @Nullable Status status,
            @Nullable String name,
            @Nullable String note,
            List<String> files,
            Map<String, @Nullable Object> more) {
        this.status = status;
        this.name = name;
        this.note = note;
        this.files = List.copyOf(files);
        this.more = Collections.unmodifiableMap(new LinkedHashMap<>(more));
    }

    /**
     * {@return a result of the test itself}
     *
     * @param status the status
     * @param note a short text of one line, or null
     * @param files paths relative to {@link Artifacts#files()}
     */
    public static ReportedResult of(Status status, @Nullable String note, List<String> files) {
        return new ReportedResult(status, null, note, files, Map.of());
    }
}
