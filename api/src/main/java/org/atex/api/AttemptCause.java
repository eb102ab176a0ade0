package org.atex.api;

/** The reason for an attempt at a test. */
public enum AttemptCause {
    /** It is the first attempt. */
    FIRST,

    /** The earlier attempt did not pass, and the user's policy allows another one. */
    RERUN,

    /** The earlier attempt failed on a host that was put in quarantine, and did not count. */
    HOST_QUARANTINED,

    /** The program that ran the earlier attempt was killed, and another one resumed its run. */
    RESUMED,

    /** The system of its serial group was lost, and the group runs again from its first test. */
    GROUP_RESTARTED
}
