package org.atex.testingfarm;

import java.net.URI;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as the service describes it. What the service leaves out or calls null is null or empty here.
 *
 * <p>Immutable. Two requests are equal if all their properties are.
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

    /** {@return its id} */
    public String id() {
        return id;
    }

    /** {@return its state} */
    public RequestState state() {
        return state;
    }

    /** {@return when it was submitted} */
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

    /** {@return those of its first environment; values may be hidden, unless the same user submitted it} */
    public Map<String, String> variables() {
        return variables;
    }

    /** {@return the tags of the machine of its first environment} */
    public Map<String, String> tags() {
        return tags;
    }

    /** {@return where its files are: known once a worker has it, before there are any} */
    public @Nullable URI artifacts() {
        return artifacts;
    }

    /** {@return how it ended, in the service's word: passed, failed, error …} */
    public @Nullable String result() {
        return result;
    }

    /** {@return what the service says of that} */
    public @Nullable String summary() {
        return summary;
    }

    /** {@return what the service says beside that, the oldest first} */
    public List<String> notes() {
        return notes;
    }

    /** {@return where its log is, or null while that is not known} */
    public @Nullable URI log() {
        if (artifacts == null) {
            return null;
        }
        String base = artifacts.toString();
        return URI.create(base + (base.endsWith("/") ? "" : "/") + "pipeline.log");
    }

    /** {@return whether it reserves a machine: that is, whether it says for how long} */
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
