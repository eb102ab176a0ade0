package org.atex.ssh;

import java.util.List;

/**
 * A host that is out of service. Immutable.
 *
 * @param host the host
 * @param failures the number of failures in a row
 * @param reasons the distinct reasons for the failures, in the order in which they occurred
 * @param givenUp whether the host will not be tried again
 */
public record QuarantinedHost(Host host, int failures, List<String> reasons, boolean givenUp) {
    /** Copies the list of reasons. */
    public QuarantinedHost {
        reasons = List.copyOf(reasons);
    }

    @Override
    public String toString() {
        return host + " (" + (givenUp ? "given up after " : "quarantined after ") + failures
                + (failures == 1 ? " failure: " : " failures: ") + String.join("; ", reasons) + ")";
    }
}
