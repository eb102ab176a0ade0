package org.atex.artifacts;

/**
 * An attempt in a {@link JournaledReport}: the data of it that are kept in memory. Immutable. There is one for each
 * attempt of a run, so implementations keep large parts in the journal only.
 */
public interface ReportAttempt {
    /** {@return the platform of the test} */
    String platform();

    /** {@return the name of the test in the report, with its number if it is a duplicate} */
    String name();

    /** {@return the number of the attempt over all runs in the report, from 1; 0 if it never started} */
    int number();

    /** {@return whether it is the last attempt of its run at the test} */
    boolean isLast();
}
