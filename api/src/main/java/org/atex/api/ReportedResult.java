package org.atex.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a test reported: one line of its {@code results} file. Immutable.
 *
 * @param status how it went, if it says so
 * @param name the subtest it is about, which may hold slashes; null if it is about the test itself
 * @param note one short free line
 * @param files paths relative to the artifacts' {@code files} directory, below the subtest's name where there is one
 * @param more whatever else it says: values are null, Boolean, Number, String, List or Map
 */
public record ReportedResult(
        @Nullable Status status,
        @Nullable String name,
        @Nullable String note,
        List<String> files,
        Map<String, @Nullable Object> more) {
    /**
     * Copies the collections it is given.
     *
     * @param status how it went, if it says so
     * @param name the subtest it is about, or null
     * @param note one short free line, or null
     * @param files paths relative to the {@code files} directory
     * @param more whatever else it says
     */
    // Not in the compact form: for that, javac loses the annotation within the last type.
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
     * @param status how it went
     * @param note a short line, or null
     * @param files paths relative to the {@code files} directory
     */
    public static ReportedResult of(Status status, @Nullable String note, List<String> files) {
        return new ReportedResult(status, null, note, files, Map.of());
    }
}
