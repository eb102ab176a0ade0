package org.atex.api;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A result that a test reported, about itself or about a part of it: one line of the {@code results} file in its {@link
 * Artifacts}.
 *
 * <p>Thread safety: this class is immutable; each {@code with…} method returns a changed copy. Two results are equal if
 * all their properties are equal.
 */
public final class ReportedResult {
    private final @Nullable Status status;
    private final @Nullable String name;
    private final @Nullable String note;
    private final List<String> files;
    private final Map<String, @Nullable Object> more;

    private ReportedResult(
            @Nullable Status status,
            @Nullable String name,
            @Nullable String note,
            List<String> files,
            Map<String, @Nullable Object> more) {
        this.status = status;
        this.name = name;
        this.note = note;
        this.files = List.copyOf(files);
        this.more = more;
    }

    /**
     * {@return a result of the test itself}
     *
     * @param status the status, or null if the test did not report one
     * @param note a short text of one line, or null
     * @param files paths relative to {@link Artifacts#files()}
     */
    public static ReportedResult of(@Nullable Status status, @Nullable String note, List<String> files) {
        return new ReportedResult(status, null, note, files, Map.of());
    }

    /** {@return the status, or null if the test did not report one} */
    public @Nullable Status status() {
        return status;
    }

    /** {@return the name of the part, which may contain slashes; null for a result of the test itself} */
    public @Nullable String name() {
        return name;
    }

    /** {@return a short text of one line, or null} */
    public @Nullable String note() {
        return note;
    }

    /** {@return paths relative to {@link Artifacts#files()}, below the name of the part if there is one} */
    public List<String> files() {
        return files;
    }

    /** {@return further keys of the result; their values are null, Boolean, Number, String, List or Map} */
    public Map<String, @Nullable Object> more() {
        return more;
    }

    /**
     * {@return a copy of this result for a part of the test}
     *
     * @param part the name of the part, which may contain slashes; null for a result of the test itself
     */
    public ReportedResult withName(@Nullable String part) {
        return new ReportedResult(status, part, note, files, more);
    }

    /**
     * {@return a copy of this result with these further keys instead of its own}
     *
     * @param keys the keys; their values are null, Boolean, Number, String, List or Map
     */
    public ReportedResult withMore(Map<String, @Nullable Object> keys) {
        return new ReportedResult(status, name, note, files, Collections.unmodifiableMap(new LinkedHashMap<>(keys)));
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(status, name, note, files, more);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ReportedResult result && properties().equals(result.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }

    @Override
    public String toString() {
        return "ReportedResult" + properties();
    }
}
