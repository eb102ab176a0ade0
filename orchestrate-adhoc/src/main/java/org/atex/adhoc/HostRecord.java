package org.atex.adhoc;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The results on one host, the machine behind one or more systems. Managed by {@link HostHealth}. */
final class HostRecord {
    final int provisioner;
    final String name;
    /** Whether it may provide further systems; a container, for example, is its own host. */
    boolean mayReturn;
    /** Preparations that failed since the last success. */
    int failedSetups;

    int workingSetups;
    int passes;
    int failures;
    /** Failures that are losses of the system. */
    int losses;
    /** Losses since the last test that ended otherwise. */
    int lossesInARow;
    /** Tests that failed before any test passed on this host. Their results are held back. */
    final Set<PlannedTest> doubtful = new LinkedHashSet<>();

    /** The reason for its quarantine, or null. */
    @Nullable
    String quarantined;
    /** Whether the quarantine was published. */
    boolean announced;
    /** Whether it has left quarantine once; that happens only once. */
    boolean hadSecondChance;

    HostRecord(int provisioner, String name) {
        this.provisioner = provisioner;
        this.name = name;
    }

    int ended() {
        return passes + failures;
    }
}
