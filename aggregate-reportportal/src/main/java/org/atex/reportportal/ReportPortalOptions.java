package org.atex.reportportal;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Options of a {@link ReportPortalAggregator}: the launch, and how results become items and logs.
 * Immutable and thread-safe; each {@code with} method returns a changed copy.
 */
public final class ReportPortalOptions {
    private static final ReportPortalOptions DEFAULTS = new ReportPortalOptions();
    private static final int MAX_SENDERS = 64;
    private static final int MIN_BYTES = 1024;

    private String launch = "atex";
    private String description = "";
    private Map<String, String> attributes = Map.of();
    private boolean debug;
    private @Nullable UUID rerunOf;
    private boolean suites = true;
    private boolean resume;
    private int inlineBytes = 32 << 10;
    private long attachmentBytes = 16L << 20;
    private @Nullable String systemIssue;
    private Duration limit = Duration.ofMinutes(2);
    private int senders = 4;
    private Tuning tuning = Tuning.DEFAULT;

    private ReportPortalOptions() {}

    /**
     * {@return the default options: a launch {@code atex} with a suite for each platform, texts of up to 32 KiB as logs,
     * attachments of up to 16 MiB}
     */
    public static ReportPortalOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy with another name of the launch} Launches of the same name share a history. By default, it is
     * {@code atex}.
     *
     * @param name the name; the service keeps 256 characters
     */
    public ReportPortalOptions withLaunch(String name) {
        ReportPortalOptions copy = copy();
        copy.launch = name;
        return copy;
    }

    /**
     * {@return a copy with a description of the launch}
     *
     * @param text the text, which may have Markdown; the service keeps 2,048 characters
     */
    public ReportPortalOptions withDescription(String text) {
        ReportPortalOptions copy = copy();
        copy.description = text;
        return copy;
    }

    /**
     * {@return a copy with other attributes of the launch, such as the build under test}
     *
     * @param values the values by key; the service keeps 128 characters of each
     */
    public ReportPortalOptions withAttributes(Map<String, String> values) {
        ReportPortalOptions copy = copy();
        // Not Map.copyOf, which has no order.
        copy.attributes = new LinkedHashMap<>(values);
        return copy;
    }

    /** {@return a copy whose launch is shown under "debug" only} */
    public ReportPortalOptions withDebugMode() {
        ReportPortalOptions copy = copy();
        copy.debug = true;
        return copy;
    }

    /**
     * {@return a copy that continues an earlier launch, which the service shows as one launch with reruns: tests that are
     * run again become retries}
     *
     * @param earlier the UUID of the earlier launch, see {@link ReportPortalAggregator#launch()}
     */
    public ReportPortalOptions withRerunOf(UUID earlier) {
        ReportPortalOptions copy = copy();
        copy.rerunOf = earlier;
        return copy;
    }

    /** {@return a copy whose launch has the tests of all platforms on one level, without a suite for each platform} */
    public ReportPortalOptions withoutSuites() {
        ReportPortalOptions copy = copy();
        copy.suites = false;
        return copy;
    }

    /**
     * {@return a copy that continues the last launch that is left in the spool, with what was not sent of it; if there is
     * none, a new launch is started}
     */
    public ReportPortalOptions withResume() {
        ReportPortalOptions copy = copy();
        copy.resume = true;
        return copy;
    }

    /**
     * {@return a copy with another size up to which the content of a text file is shown as a log} Larger files, and files
     * that are not text, are attached to a log. By default, it is 32 KiB.
     *
     * @param bytes the size in bytes, at most 1 MiB; 0 to attach all files
     * @throws IllegalArgumentException if it is negative or larger
     */
    public ReportPortalOptions withInlineBytes(int bytes) {
        if (bytes < 0 || bytes > 1 << 20) {
            throw new IllegalArgumentException(
                    "texts of up to 0 to 1048576 bytes can be shown as logs, not of up to " + bytes);
        }
        ReportPortalOptions copy = copy();
        copy.inlineBytes = bytes;
        return copy;
    }

    /**
     * {@return a copy with another size up to which files are attached as a whole} Of a larger text, a quarter of the
     * size is sent from the beginning and the rest from the end, with a line between them that says how much was left
     * out. Instead of other larger files, a log with their size is sent. By default, it is 16 MiB.
     *
     * @param bytes the size in bytes, at least 1,024. Services usually refuse requests of more than 32 or 64 MB.
     * @throws IllegalArgumentException if it is less
     */
    public ReportPortalOptions withAttachmentBytes(long bytes) {
        if (bytes < MIN_BYTES) {
            throw new IllegalArgumentException(
                    "the limit of attachments must be at least " + MIN_BYTES + " bytes, not " + bytes);
        }
        ReportPortalOptions copy = copy();
        copy.attachmentBytes = bytes;
        return copy;
    }

    /**
     * {@return a copy with another type of defect of tests that the infrastructure ended} By default, it is the first
     * "system issue" in the settings of the project, or none if they cannot be read.
     *
     * @param locator the locator of the type, such as {@code si001}
     */
    public ReportPortalOptions withSystemIssue(String locator) {
        ReportPortalOptions copy = copy();
        copy.systemIssue = locator;
        return copy;
    }

    /**
     * {@return a copy with another time limit of {@link ReportPortalAggregator#flush()} and {@link
     * ReportPortalAggregator#close()}} When it is over, results that were not sent stay in the spool. By default, it is 2
     * minutes.
     *
     * @param time the time limit
     * @throws IllegalArgumentException if it is negative
     */
    public ReportPortalOptions withLimit(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("the time limit to send results must be zero or more, not " + time);
        }
        ReportPortalOptions copy = copy();
        copy.limit = time;
        return copy;
    }

    /**
     * {@return a copy with another number of tests whose results are sent at the same time} By default, it is 4.
     *
     * @param count the number, 1 to 64
     * @throws IllegalArgumentException if it is another number
     */
    public ReportPortalOptions withSenders(int count) {
        if (count < 1 || count > MAX_SENDERS) {
            throw new IllegalArgumentException("there can be 1 to " + MAX_SENDERS + " senders, not " + count);
        }
        ReportPortalOptions copy = copy();
        copy.senders = count;
        return copy;
    }

    ReportPortalOptions withTuning(Tuning other) {
        ReportPortalOptions copy = copy();
        copy.tuning = other;
        return copy;
    }

    private ReportPortalOptions copy() {
        ReportPortalOptions copy = new ReportPortalOptions();
        copy.launch = launch;
        copy.description = description;
        copy.attributes = attributes;
        copy.debug = debug;
        copy.rerunOf = rerunOf;
        copy.suites = suites;
        copy.resume = resume;
        copy.inlineBytes = inlineBytes;
        copy.attachmentBytes = attachmentBytes;
        copy.systemIssue = systemIssue;
        copy.limit = limit;
        copy.senders = senders;
        copy.tuning = tuning;
        return copy;
    }

    String launch() {
        return launch;
    }

    String description() {
        return description;
    }

    Map<String, String> attributes() {
        return attributes;
    }

    boolean debug() {
        return debug;
    }

    @Nullable
    UUID rerunOf() {
        return rerunOf;
    }

    boolean suites() {
        return suites;
    }

    boolean resume() {
        return resume;
    }

    int inlineBytes() {
        return inlineBytes;
    }

    long attachmentBytes() {
        return attachmentBytes;
    }

    @Nullable
    String systemIssue() {
        return systemIssue;
    }

    Duration limit() {
        return limit;
    }

    int senders() {
        return senders;
    }

    Tuning tuning() {
        return tuning;
    }
}
