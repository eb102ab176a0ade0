package org.atex.testingfarm;

import java.net.URI;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as the service describes it. A value that the service omits or sets to null is null or empty here.
 *
 * <p>Immutable. Two requests are equal if all their properties are equal.
 */
public final class FarmRequest {
    private final String id;
    private final RequestState state;
    private final @Nullable Instant created;
    private final @Nullable String compose;
    private final @Nullable String arch;
    private final Map<String, String> variables;
    private final Map<String, String> tags;
    private final @Nullable URI artifacts;
    private final @Nullable String result;
    private final @Nullable String summary;
    private final List<String> notes;

    FarmRequest(
            String id,
            RequestState state,
            @Nullable Instant created,
            @Nullable String compose,
            @Nullable String arch,
            Map<String, String> variables,
            Map<String, String> tags,
            @Nullable URI artifacts,
            @Nullable String result,
            @Nullable String summary,
            List<String> notes) {
        this.id = id;
        this.state = state;
        this.created = created;
        this.compose = compose;
        this.arch = arch;
        this.variables = Map.copyOf(variables);
        this.tags = Map.copyOf(tags);
        this.artifacts = artifacts;
        this.result = result;
        this.summary = summary;
        this.notes = List.copyOf(notes);
    }

    /** {@return the id of the request} */
    public String id() {
        return id;
    }

    /** {@return the state of the request} */
    public RequestState state() {
        return state;
    }

    /** {@return the time of its submission} */
    public @Nullable Instant created() {
        return created;
    }

    /** {@return the operating system of its first environment} */
    public @Nullable String compose() {
        return compose;
    }

    /** {@return the architecture of its first environment} */
    public @Nullable String arch() {
        return arch;
    }

    /** {@return the variables of its first environment} The service hides the values from other users. */
    public Map<String, String> variables() {
        return variables;
    }

    /** {@return the tags of the machine of its first environment} */
    public Map<String, String> tags() {
        return tags;
    }

    /** {@return the address of its artifacts} It is known once a worker has started, before any file exists there. */
    public @Nullable URI artifacts() {
        return artifacts;
    }

    /** {@return the result in the service's terms, such as {@code passed}, {@code failed} or {@code error}} */
    public @Nullable String result() {
        return result;
    }

    /** {@return the service's explanation of the result} */
    public @Nullable String summary() {
        return summary;
    }

    /** {@return further notes of the service, the oldest first} */
    public List<String> notes() {
        return notes;
    }

    /** {@return the address of the pipeline log, or null while the artifacts are unknown} */
    public @Nullable URI log() {
        if (artifacts == null) {
            return null;
        }
        String base = artifacts.toString();
        return URI.create(base + (base.endsWith("/") ? "" : "/") + "pipeline.log");
    }

    /** {@return whether it reserves a machine: it has a reservation time, or the tag of a run} */
    public boolean isReservation() {
        return variables.containsKey(NewRequest.DURATION) || tags.containsKey(NewRequest.RUN_TAG);
    }

    private List<@Nullable Object> properties() {
        return Arrays.asList(id, state, created, compose, arch, variables, tags, artifacts, result, summary, notes);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FarmRequest that && properties().equals(that.properties());
    }

    @Override
    public int hashCode() {
        return properties().hashCode();
    }
}
