package org.atex.api;

/**
 * The status word of a result. The list is open: tests may use words of their own. Immutable.
 *
 * @param word one of the known words below, or any other word
 */
public record Status(String word) {
    /** The expectation was met. */
    public static final Status PASS = new Status("pass");
    /** The expectation was not met. */
    public static final Status FAIL = new Status("fail");
    /** Information, neither good nor bad. */
    public static final Status INFO = new Status("info");
    /** A suspicious observation; counts as a failure. */
    public static final Status WARN = new Status("warn");
    /** The test does not apply here. */
    public static final Status SKIP = new Status("skip");
    /** The test could not be executed properly. */
    public static final Status ERROR = new Status("error");
    /** Only the runner uses this word: the infrastructure or the user ended the test. */
    public static final Status INFRA = new Status("infra");

    /**
     * Rejects a blank word.
     *
     * @throws IllegalArgumentException if the word is blank
     */
    public Status {
        if (word.isBlank()) {
            throw new IllegalArgumentException("a status needs a word such as pass or fail, but the word is blank");
        }
    }

    @Override
    public String toString() {
        return word;
    }
}
