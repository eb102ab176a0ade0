package org.atex.adhoc;

import java.time.Duration;
import org.atex.api.Provisioner;
import org.jspecify.annotations.Nullable;

/**
 * A provisioner of a run and its name.
 *
 * @param name its name in messages, events and records
 * @param isNamed whether the program gave the name
 * @param provisioner the provisioner
 * @param preference systems are requested from the provisioners with the highest number first
 * @param maxSystems the maximum number of its systems at the same time
 * @param cost the cost of a system
 * @param expected the time after which a request is overdue, or null
 */
record NamedProvisioner(
        String name,
        boolean isNamed,
        Provisioner provisioner,
        int preference,
        int maxSystems,
        double cost,
        @Nullable Duration expected) {
    static NamedProvisioner of(Source source, int number) {
        return new NamedProvisioner(
                source.name == null ? unnamed(number) : source.name,
                source.name != null,
                source.provisioner,
                source.preference,
                source.maxSystems,
                source.cost,
                source.expected);
    }

    /** {@return the default name of a provisioner} */
    static String unnamed(int number) {
        return "provisioner " + number;
    }
}
