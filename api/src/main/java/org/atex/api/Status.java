package org.atex.api;

/**
 * The word by which a result says how it went. The list is open: tests may use words of their own.
 *
 * @param word one of the known words below, or any other
 */
public record Status(String word) {
    /** What was expected happened. */
    public static final Status PASS = new Status("pass");
    /** What was expected did not happen. */
    public static final Status FAIL = new Status("fail");
    /** Something to know, neither good nor bad. */
    public static final Status INFO = new Status("info");
    /** Something suspicious; counts as a failure. */
    public static final Status WARN = new Status("warn");
    /** It does not apply here. */
    public static final Status SKIP = new Status("skip");
    /** It could not be tried. */
    public static final Status ERROR = new Status("error");
    /** The runner's own word: the infrastructure ended the test, or the user did. */
    public static final Status INFRA = new Status("infra");

    /** Refuses an empty word. */
    public Status {
        if (word.isBlank()) {
            throw new IllegalArgumentException("a status needs a word, such as pass or fail");
        }
    }

    @Override
    public String toString() {
        return word;
    }
}
