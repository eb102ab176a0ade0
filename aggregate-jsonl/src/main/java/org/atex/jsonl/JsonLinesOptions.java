package org.atex.jsonl;

import java.util.EnumSet;
import java.util.Set;

/**
 * Options of a {@link JsonLinesAggregator}. Immutable and thread-safe; each {@code with} method returns a changed copy.
 */
public final class JsonLinesOptions {
    private enum Choice {
        YAML,
        RESUME,
        DUPLICATES,
        LAST_ATTEMPTS_ONLY,
        SYNC
    }

    private static final JsonLinesOptions DEFAULTS =
            new JsonLinesOptions(EnumSet.noneOf(Choice.class), Compression.NONE, Compression.NONE);

    private final Set<Choice> choices;
    private final Compression compression;
    private final Compression fileCompression;

    private JsonLinesOptions(Set<Choice> choices, Compression compression, Compression fileCompression) {
        this.choices = choices;
        this.compression = compression;
        this.fileCompression = fileCompression;
    }

    /**
     * {@return the default options: uncompressed JSON Lines in a new file, each test once per platform, all attempts,
     * not synced to the disk}
     */
    public static JsonLinesOptions defaults() {
        return DEFAULTS;
    }

    /** {@return a copy that writes one YAML document per test instead of JSON Lines} */
    public JsonLinesOptions withYaml() {
        return with(Choice.YAML);
    }

    /**
     * {@return a copy that compresses the results, those of each test as a separate member}
     *
     * @param to the compression
     */
    public JsonLinesOptions withCompression(Compression to) {
        return new JsonLinesOptions(choices, to, fileCompression);
    }

    /**
     * {@return a copy that compresses each file of a test; the suffix is appended to its name, in the results as well}
     *
     * @param to the compression
     */
    public JsonLinesOptions withCompressedFiles(Compression to) {
        return new JsonLinesOptions(choices, compression, to);
    }

    /**
     * {@return a copy that continues an existing file: an incomplete end is removed, everything else is kept, and a
     * test that an earlier run stored is stored again as {@code name (run 2)}, {@code name (run 3)} and so on}
     */
    public JsonLinesOptions withResume() {
        return with(Choice.RESUME);
    }

    /**
     * {@return a copy that accepts a test again for the same platform, as {@code name (1)}, {@code name (2)} and so on}
     */
    public JsonLinesOptions withDuplicates() {
        return with(Choice.DUPLICATES);
    }

    /**
     * {@return a copy that drops attempts that were followed by another one, with their files} By default they are
     * stored as {@code name (attempt 1)} and so on.
     */
    public JsonLinesOptions withLastAttemptsOnly() {
        return with(Choice.LAST_ATTEMPTS_ONLY);
    }

    /** {@return a copy that syncs the results of each test to the disk before {@code ingest} returns} */
    public JsonLinesOptions withSync() {
        return with(Choice.SYNC);
    }

    private JsonLinesOptions with(Choice choice) {
        EnumSet<Choice> more = EnumSet.of(choice);
        more.addAll(choices);
        return new JsonLinesOptions(more, compression, fileCompression);
    }

    Compression compression() {
        return compression;
    }

    Compression fileCompression() {
        return fileCompression;
    }

    Layout layout() {
        return choices.contains(Choice.YAML) ? new YamlLayout() : new JsonLayout();
    }

    boolean resume() {
        return choices.contains(Choice.RESUME);
    }

    boolean duplicates() {
        return choices.contains(Choice.DUPLICATES);
    }

    boolean earlierAttempts() {
        return !choices.contains(Choice.LAST_ATTEMPTS_ONLY);
    }

    boolean sync() {
        return choices.contains(Choice.SYNC);
    }
}
