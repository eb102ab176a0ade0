package org.atex.allure;

import java.util.Map;

/** Options of an {@link AllureAggregator}. Immutable and thread-safe; each {@code with} method returns a changed copy. */
public final class AllureOptions {
    private static final AllureOptions DEFAULTS = new AllureOptions(false, false, Long.MAX_VALUE, Map.of());

    private final boolean resume;
    private final boolean duplicates;
    private final long maxAttachmentBytes;
    private final Map<String, String> environment;

    private AllureOptions(
            boolean resume, boolean duplicates, long maxAttachmentBytes, Map<String, String> environment) {
        this.resume = resume;
        this.duplicates = duplicates;
        this.maxAttachmentBytes = maxAttachmentBytes;
        this.environment = Map.copyOf(environment);
    }

    /** {@return the default options: a new directory, each test once per platform, files of any size} */
    public static AllureOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy that continues an existing directory: its results are kept, incomplete ones are deleted, and a
     * test that is stored again gets further attempts}
     */
    public AllureOptions withResume() {
        return new AllureOptions(true, duplicates, maxAttachmentBytes, environment);
    }

    /**
     * {@return a copy that accepts a test again for the same platform, as {@code name (1)}, {@code name (2)} and so on}
     */
    public AllureOptions withDuplicates() {
        return new AllureOptions(resume, true, maxAttachmentBytes, environment);
    }

    /**
     * {@return a copy with another limit for each attachment} Of a larger text, a quarter of the limit is kept from the
     * beginning and the rest from the end. Instead of other larger files, a line with the size is stored. Without this
     * option, there is no limit.
     *
     * @param bytes the limit in bytes
     * @throws IllegalArgumentException if it is negative
     */
    public AllureOptions withMaxAttachmentBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the limit of attachments must not be negative: " + bytes + " bytes");
        }
        return new AllureOptions(resume, duplicates, bytes, environment);
    }

    /**
     * {@return a copy with other properties for the environment that the report shows, such as the build under test; in
     * the file {@code environment.properties}}
     *
     * @param properties the values by name
     */
    public AllureOptions withEnvironment(Map<String, String> properties) {
        return new AllureOptions(resume, duplicates, maxAttachmentBytes, properties);
    }

    boolean resume() {
        return resume;
    }

    boolean duplicates() {
        return duplicates;
    }

    long maxAttachmentBytes() {
        return maxAttachmentBytes;
    }

    Map<String, String> environment() {
        return environment;
    }
}
