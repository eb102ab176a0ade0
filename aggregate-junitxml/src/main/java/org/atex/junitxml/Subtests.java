package org.atex.junitxml;

/** What becomes of the results that a test reports for its parts. */
public enum Subtests {
    /**
     * Each is a case of its own, after that of the test, named {@code test[subtest]}. One that failed has its own note as
     * the message, and its own log.
     */
    CASES,
    /** Those that failed are named in the text of the test's failure. */
    TEXT
}
