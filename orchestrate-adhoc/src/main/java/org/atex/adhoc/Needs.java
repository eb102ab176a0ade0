package org.atex.adhoc;

import java.util.Map;
import java.util.Set;
import org.atex.api.Capability;
import org.atex.api.Need;

/** Whether a system suits the needs of a test. A reserved system suits only tests that need {@link Capability#RESERVED}. */
final class Needs {
    private Needs() {}

    /**
     * {@return whether a system meets all needs}
     *
     * @param labels all labels of the system
     */
    static boolean areMet(Set<Need> needs, Map<String, String> labels) {
        for (Need need : needs) {
            if (!need.isMetBy(labels)) {
                return false;
            }
        }
        return isOpen(needs, labels);
    }

    /**
     * {@return whether a system may meet all needs}
     *
     * @param labels the labels of the system that are known
     */
    static boolean mayBeMet(Set<Need> needs, Map<String, String> labels) {
        for (Need need : needs) {
            if (need.isRuledOutBy(labels)) {
                return false;
            }
        }
        return isOpen(needs, labels);
    }

    private static boolean isOpen(Set<Need> needs, Map<String, String> labels) {
        return !labels.containsKey(Capability.RESERVED)
                || needs.stream().anyMatch(need -> need.label().equals(Capability.RESERVED));
    }
}
