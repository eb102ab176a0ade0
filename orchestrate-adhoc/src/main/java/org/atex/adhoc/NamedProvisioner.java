package org.atex.adhoc;

import org.atex.api.Provisioner;

/**
 * A provisioner of a run.
 *
 * @param name its name in messages, events and records
 * @param isNamed whether the program gave the name
 * @param provisioner the provisioner
 */
record NamedProvisioner(String name, boolean isNamed, Provisioner provisioner) {
    /** {@return the name of a provisioner without one} */
    static String unnamed(int number) {
        return "provisioner " + number;
    }
}
