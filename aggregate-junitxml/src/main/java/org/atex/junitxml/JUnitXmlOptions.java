package org.atex.junitxml;

import org.jspecify.annotations.Nullable;

/**
 * Options of a {@link JUnitXmlAggregator}. Immutable and thread-safe; each {@code with} method returns a changed copy.
 */
public final class JUnitXmlOptions {
    private static final JUnitXmlOptions DEFAULTS = new JUnitXmlOptions();

    private Profile profile = Profile.PORTABLE;
    private Subtests subtests = Subtests.CASES;
    private int head = 16 << 10;
    private int tail = 64 << 10;
    private @Nullable String attachments;
    private String sources = "";
    private boolean resume;
    private boolean duplicates;

    private JUnitXmlOptions() {}

    /**
     * {@return the default options: the portable profile, a case for each subtest, the first 16 KiB and the last 64 KiB
     * of each output, no attachments, a new file, each test once per platform}
     */
    public static JUnitXmlOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy with another profile}
     *
     * @param value the profile
     */
    public JUnitXmlOptions withProfile(Profile value) {
        JUnitXmlOptions copy = copy();
        copy.profile = value;
        return copy;
    }

    /**
     * {@return a copy with another representation of subtests}
     *
     * @param value the representation
     */
    public JUnitXmlOptions withSubtests(Subtests value) {
        JUnitXmlOptions copy = copy();
        copy.subtests = value;
        return copy;
    }

    /**
     * {@return a copy with other limits for the output of a test or subtest; the middle of a longer output is replaced
     * by a line with the number of omitted bytes}
     *
     * @param firstBytes the number of bytes to keep from the beginning
     * @param lastBytes the number of bytes to keep from the end
     * @throws IllegalArgumentException if one of them is negative
     */
    public JUnitXmlOptions withOutput(int firstBytes, int lastBytes) {
        if (firstBytes < 0 || lastBytes < 0) {
            throw new IllegalArgumentException(
                    "the limits of an output must not be negative: " + firstBytes + " and " + lastBytes + " bytes");
        }
        JUnitXmlOptions copy = copy();
        copy.head = firstBytes;
        copy.tail = lastBytes;
        return copy;
    }

    /**
     * {@return a copy that writes a line {@code [[ATTACHMENT|path]]} for each file of a test, which Jenkins and GitLab
     * recognize}
     *
     * @param base the path of the directory with the files, {@code <platform>/<test>/…}, for the readers of the report:
     *     relative to the project, or absolute; another aggregator has to store the files there
     */
    public JUnitXmlOptions withAttachments(String base) {
        JUnitXmlOptions copy = copy();
        copy.attachments = base.endsWith("/") ? base : base + "/";
        return copy;
    }

    /**
     * {@return a copy with another prefix for the source files of tests, which the profile {@link Profile#RICH} writes
     * in the attribute {@code file} of a case}
     *
     * @param base the path of the root of the tests, for the readers of the report: relative to the project, such as
     *     {@code tests}
     */
    public JUnitXmlOptions withSources(String base) {
        JUnitXmlOptions copy = copy();
        copy.sources = base.isEmpty() || base.endsWith("/") ? base : base + "/";
        return copy;
    }

    /**
     * {@return a copy that continues the report of a run that did not close it, if there is one: its results are kept,
     * and a test that is stored again gets further attempts, numbered after the earlier ones}
     */
    public JUnitXmlOptions withResume() {
        JUnitXmlOptions copy = copy();
        copy.resume = true;
        return copy;
    }

    /**
     * {@return a copy that accepts a test again for the same platform, as {@code name (1)}, {@code name (2)} and so on}
     */
    public JUnitXmlOptions withDuplicates() {
        JUnitXmlOptions copy = copy();
        copy.duplicates = true;
        return copy;
    }

    private JUnitXmlOptions copy() {
        JUnitXmlOptions copy = new JUnitXmlOptions();
        copy.profile = profile;
        copy.subtests = subtests;
        copy.head = head;
        copy.tail = tail;
        copy.attachments = attachments;
        copy.sources = sources;
        copy.resume = resume;
        copy.duplicates = duplicates;
        return copy;
    }

    Profile profile() {
        return profile;
    }

    Subtests subtests() {
        return subtests;
    }

    int head() {
        return head;
    }

    int tail() {
        return tail;
    }

    @Nullable
    String attachments() {
        return attachments;
    }

    String sources() {
        return sources;
    }

    boolean resume() {
        return resume;
    }

    boolean duplicates() {
        return duplicates;
    }
}
