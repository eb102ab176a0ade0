package org.atex.junitxml;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link JUnitXmlAggregator} can do otherwise. Immutable, and so thread-safe: each {@code with…} method gives a
 * changed copy.
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
     * {@return the usual ones: the portable profile, a case for each subtest, of each output the first 16 and the last 64
     * KiB, no attachments, to a new file, a test once for a platform}
     */
    public static JUnitXmlOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return these with another dialect}
     *
     * @param value which
     */
    public JUnitXmlOptions withProfile(Profile value) {
        JUnitXmlOptions copy = copy();
        copy.profile = value;
        return copy;
    }

    /**
     * {@return these with subtests shown otherwise}
     *
     * @param value how
     */
    public JUnitXmlOptions withSubtests(Subtests value) {
        JUnitXmlOptions copy = copy();
        copy.subtests = value;
        return copy;
    }

    /**
     * {@return these with other bounds for the output of a test; what lies between is left out, and said to be}
     *
     * @param firstBytes how much of its beginning is kept
     * @param lastBytes how much of its end is kept
     */
    public JUnitXmlOptions withOutput(int firstBytes, int lastBytes) {
        if (firstBytes < 0 || lastBytes < 0) {
            throw new IllegalArgumentException(
                    "cannot keep " + firstBytes + " and " + lastBytes + " bytes of an output");
        }
        JUnitXmlOptions copy = copy();
        copy.head = firstBytes;
        copy.tail = lastBytes;
        return copy;
    }

    /**
     * {@return these with a line {@code [[ATTACHMENT|path]]} for each file of a test, as Jenkins and GitLab know it}
     *
     * @param base how the readers of the report come to the directory that holds {@code <platform>/<test>/…}, as another
     *     aggregator writes it: relative to the project, or absolute
     */
    public JUnitXmlOptions withAttachments(String base) {
        JUnitXmlOptions copy = copy();
        copy.attachments = base.endsWith("/") ? base : base + "/";
        return copy;
    }

    /**
     * {@return these with another beginning of the paths of the files that describe tests, as the {@link Profile#RICH} profile
     * names them in the attribute {@code file} of a case}
     *
     * @param base how the readers of the report come to the root of the tests' tree: relative to the project, such as
     *     {@code tests}
     */
    public JUnitXmlOptions withSources(String base) {
        JUnitXmlOptions copy = copy();
        copy.sources = base.isEmpty() || base.endsWith("/") ? base : base + "/";
        return copy;
    }

    /**
     * {@return these with the report of a run continued that did not close it, if there was one: what it stored is kept, and
     * a test that is stored again gets further attempts, numbered after those}
     */
    public JUnitXmlOptions withResume() {
        JUnitXmlOptions copy = copy();
        copy.resume = true;
        return copy;
    }

    /** {@return these with a test taken again for a platform, as {@code name (1)}, {@code name (2)} and so on} */
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
