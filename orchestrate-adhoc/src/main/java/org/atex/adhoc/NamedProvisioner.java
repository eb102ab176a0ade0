package org.atex.adhoc;

import org.atex.api.Provisioner;

/**
 * A provisioner of a run and its name.
 *
 * @param name its name in messages, events and records
 * @param isNamed whether the program gave the name
 * @param provisioner the provisioner
 * @param preference systems are requested from the provisioners with the highest number first
 * @param maxSystems the maximum number of its systems at the same time
 */
record NamedProvisioner(String name, boolean isNamed, Provisioner provisioner, int preference, int maxSystems) {
    static NamedProvisioner of(Source source, int number) {
        return new NamedProvisioner(
                source.name == null ? unnamed(number) : source.name,
                source.name != null,
                source.provisioner,
                source.preference,
                source.maxSystems);
    }

    /** {@return the default name of a provisioner} */
    static String unnamed(int number) {
        return "provisioner " + number;
    }
}
