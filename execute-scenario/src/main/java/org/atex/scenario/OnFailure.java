package org.atex.scenario;

/** What a failed occurrence of an event means for its scenario. */
public enum OnFailure {
    /** It is reported with the status {@code info}, and the scenario can still pass. */
    REPORT,
    /** It is reported with the status {@code fail}. The scenario goes on, and has failed at its end; the default. */
    FAIL,
    /** It is reported with the status {@code fail}, and pulls the {@link KillSwitch}. */
    STOP
}
