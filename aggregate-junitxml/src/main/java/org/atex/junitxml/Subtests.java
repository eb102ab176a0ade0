package org.atex.junitxml;

/** The representation of subtests: results that a test reports for its parts. */
public enum Subtests {
    /**
     * Each subtest is a case of its own, named {@code test[subtest]}, after the case of the test. A failed subtest has
     * its note as the message, and its own log.
     */
    CASES,
    /** Failed subtests are listed in the text of the failure of the test. */
    TEXT
}
