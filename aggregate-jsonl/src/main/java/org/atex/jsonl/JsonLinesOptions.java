package org.atex.jsonl;

import java.util.EnumSet;
import java.util.Set;

/**
 * What a {@link JsonLinesAggregator} can do otherwise. Immutable, and so thread-safe: each {@code with…} method gives a
 * changed copy.
 */
public final class JsonLinesOptions {
    private enum Choice {
        YAML,
        RESUME,
        DUPLICATES,
        EARLIER_ATTEMPTS,
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
     * {@return the usual ones: plain JSON Lines to a new file, a test once for a platform, its last attempt only, not
     * synced}
     */
    public static JsonLinesOptions defaults() {
        return DEFAULTS;
    }

    /** {@return these with a YAML document a test, instead of JSON Lines} */
    public JsonLinesOptions withYaml() {
        return with(Choice.YAML);
    }

    /**
     * {@return these with the results compressed, each test's as a member of its own}
     *
     * @param to how
     */
    public JsonLinesOptions withCompression(Compression to) {
        return new JsonLinesOptions(choices, to, fileCompression);
    }

    /**
     * {@return these with each uploaded file compressed; its name gets the suffix, in the results too}
     *
     * @param to how
     */
    public JsonLinesOptions withCompressedFiles(Compression to) {
        return new JsonLinesOptions(choices, compression, to);
    }

    /**
     * {@return these with an existing file continued: what a crash tore at its end is dropped, and what it holds is kept; a
     * test that is stored again goes by {@code name (run 2)}, the next time by {@code name (run 3)} and so on}
     */
    public JsonLinesOptions withResume() {
        return with(Choice.RESUME);
    }

    /** {@return these with a test taken again for a platform, as {@code name (1)}, {@code name (2)} and so on} */
    public JsonLinesOptions withDuplicates() {
        return with(Choice.DUPLICATES);
    }

    /** {@return these with attempts that were followed by another one kept, as {@code name (attempt 1)} and so on} */
    public JsonLinesOptions withEarlierAttempts() {
        return with(Choice.EARLIER_ATTEMPTS);
    }

    /** {@return these with the results of each test synced to the disk before they count as stored} */
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
        return choices.contains(Choice.EARLIER_ATTEMPTS);
    }

    boolean sync() {
        return choices.contains(Choice.SYNC);
    }
}
