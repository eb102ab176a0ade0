package org.atex.testingfarm;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the service says of a request. Immutable. Whatever it leaves out or calls null is null or empty here.
 *
 * @param id its id
 * @param state where it is in its life
 * @param created when it was submitted
 * @param compose the operating system of its first environment
 * @param arch the architecture of its first environment
 * @param variables those of its first environment; values may be hidden from whoever did not submit it
 * @param tags the tags of the machine of its first environment
 * @param artifacts where its files are: known once a worker has it, before there are any
 * @param result how it ended, in the service's word: passed, failed, error …
 * @param summary what the service says of that
 * @param notes what the service says beside that, the oldest first
 */
public record FarmRequest(
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
    /** Copies what it is given. */
    public FarmRequest {
        variables = Map.copyOf(variables);
        tags = Map.copyOf(tags);
        notes = List.copyOf(notes);
    }

    /** {@return where its log is, or null while nobody knows} */
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
}
