package org.atex.ssh;

import java.util.List;

/**
 * A host that is out of service. Immutable.
 *
 * @param host which
 * @param failures how often it has failed in a row
 * @param reasons why, each once, the first one first
 * @param givenUp whether it will not be tried again
 */
public record QuarantinedHost(Host host, int failures, List<String> reasons, boolean givenUp) {
    /** Copies the reasons. */
    public QuarantinedHost {
        reasons = List.copyOf(reasons);
    }

    @Override
    public String toString() {
        return host + " (" + (givenUp ? "given up after " : "quarantined after ") + failures
                + (failures == 1 ? " failure: " : " failures: ") + String.join("; ", reasons) + ")";
    }
}
