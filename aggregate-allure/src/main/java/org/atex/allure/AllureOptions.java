package org.atex.allure;

import java.util.Map;
import java.util.function.Function;
import org.atex.api.TestRecord;

/** Options of an {@link AllureAggregator}. Immutable and thread-safe; each {@code with} method returns a changed copy. */
public final class AllureOptions {
    private static final AllureOptions DEFAULTS = new AllureOptions();

    private boolean resume;
    private boolean duplicates;
    private long maxAttachmentBytes = Long.MAX_VALUE;
    private Map<String, String> environment = Map.of();
    private Function<TestRecord, TestDetails> details = record -> TestDetails.none();

    private AllureOptions() {}

    /** {@return the default options: a new directory, each test once per platform, files of any size} */
    public static AllureOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy that continues an existing directory: its results are kept, incomplete ones are deleted, and a
     * test that is stored again gets further attempts}
     */
    public AllureOptions withResume() {
        AllureOptions copy = copy();
        copy.resume = true;
        return copy;
    }

    /**
     * {@return a copy that accepts a test again for the same platform, as {@code name (1)}, {@code name (2)} and so on}
     */
    public AllureOptions withDuplicates() {
        AllureOptions copy = copy();
        copy.duplicates = true;
        return copy;
    }

    /**
     * {@return a copy with another limit for each attachment} Of a larger text, a quarter of the limit is kept from the
     * beginning and the rest from the end. Instead of other larger files, a line with the size is stored. By default,
     * there is no limit.
     *
     * @param bytes the limit in bytes
     * @throws IllegalArgumentException if it is negative
     */
    public AllureOptions withMaxAttachmentBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the limit of attachments must not be negative: " + bytes + " bytes");
        }
        AllureOptions copy = copy();
        copy.maxAttachmentBytes = bytes;
        return copy;
    }

    /**
     * {@return a copy with other properties of the environment, such as the build under test, which the report shows}
     *
     * @param properties the values by name, for the file {@code environment.properties}
     */
    public AllureOptions withEnvironment(Map<String, String> properties) {
        AllureOptions copy = copy();
        copy.environment = Map.copyOf(properties);
        return copy;
    }

    /**
     * {@return a copy with another source of details, such as owners and links}
     *
     * @param function returns the details of the test of a record. It is called once for each attempt, by several
     *     threads at once. If it fails, a warning is logged, and the attempt is stored without details.
     */
    public AllureOptions withDetails(Function<TestRecord, TestDetails> function) {
        AllureOptions copy = copy();
        copy.details = function;
        return copy;
    }

    private AllureOptions copy() {
        AllureOptions copy = new AllureOptions();
        copy.resume = resume;
        copy.duplicates = duplicates;
        copy.maxAttachmentBytes = maxAttachmentBytes;
        copy.environment = environment;
        copy.details = details;
        return copy;
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

    Function<TestRecord, TestDetails> details() {
        return details;
    }
}
