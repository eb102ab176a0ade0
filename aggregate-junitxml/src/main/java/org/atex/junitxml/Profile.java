package org.atex.junitxml;

import java.util.List;

/** The dialect of JUnit XML. The schemas of different readers contradict each other, so no file is valid for all. */
public enum Profile {
    /**
     * Valid for the schemas of Jenkins' xUnit plugin (junit-10.xsd) and of Ant (JUnit.xsd), and read by all tools. The
     * output of a failed case is part of the text of its failure; other cases have no output. Earlier attempts are
     * properties of the suite. Attachments are in the {@code system-out} of their case, which JUnit.xsd does not allow.
     */
    PORTABLE,
    /**
     * Valid for the schemas of Maven Surefire and for junit-10.xsd: a single suite, cases with output, earlier attempts
     * as {@code flakyFailure}, {@code rerunFailure} and so on.
     */
    SUREFIRE,
    /**
     * All data: like {@link #SUREFIRE}, with one suite per platform, totals and time stamps, and for each case its
     * properties and the file and line of the test. Valid for no schema; readers ignore the parts that they do not
     * know.
     */
    RICH;

    /**
     * {@return the attempt that the case shows: the last, but in the style of Surefire the first failed one if the last
     * failed}
     */
    Attempt shown(List<Attempt> attempts) {
        Attempt last = attempts.getLast();
        if (this != PORTABLE && last.status().isBad()) {
            for (Attempt attempt : attempts) {
                if (attempt.status().isBad()) {
                    return attempt;
                }
            }
        }
        return last;
    }
}
