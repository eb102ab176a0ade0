package org.atex.junitxml;

/** Which of the dialects of JUnit XML is written: no file can satisfy all readers' schemas. */
public enum Profile {
    /**
     * Valid by the schemas of Jenkins' xUnit plugin (junit-10.xsd) and of Ant (JUnit.xsd), and read by everything. A
     * case has no output of its own: what a failed one wrote is part of its failure; earlier attempts are properties of
     * the suite. With attachments, each case names its own in its {@code system-out}, which JUnit.xsd does not allow.
     */
    PORTABLE,
    /**
     * Valid by the schemas of Maven Surefire, and by junit-10.xsd: a single suite, cases with output, earlier attempts as
     * {@code flakyFailure}, {@code rerunFailure} and so on.
     */
    SUREFIRE,
    /**
     * All there is: as Surefire's, with a suite a platform, totals, time stamps, and of each case the
     * properties and the file and line that describe the test. No schema
     * allows all of it; readers take what they know.
     */
    RICH;

    /** {@return which of the attempts the case is about: of those that all failed, Surefire shows the first} */
    Attempt shown(Attempt[] attempts) {
        Attempt last = attempts[attempts.length - 1];
        if (this != PORTABLE && last.kind().isBad()) {
            for (Attempt attempt : attempts) {
                if (attempt.kind().isBad()) {
                    return attempt;
                }
            }
        }
        return last;
    }
}
