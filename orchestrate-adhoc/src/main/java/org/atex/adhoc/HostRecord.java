package org.atex.adhoc;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is known of the machine behind one or more systems. Belongs to {@link HostBook}. */
final class HostRecord {
    final int provisioner;
    final String name;
    /** Set-ups that failed since the last one that worked. */
    int badSetUps;

    int goodSetUps;
    int passes;
    int failures;
    /** Tests that failed here while nothing had passed here yet, whose results are therefore in doubt. */
    final Set<PlannedTest> doubtful = new LinkedHashSet<>();

    /** Why it is not used any more. */
    @Nullable
    String quarantined;
    /** Whether people know of the quarantine. */
    boolean announced;
    /** A second chance is given once. */
    boolean forgiven;

    HostRecord(int provisioner, String name) {
        this.provisioner = provisioner;
        this.name = name;
    }

    int ended() {
        return passes + failures;
    }
}
