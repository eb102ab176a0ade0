package org.atex.adhoc;

import org.atex.api.Provisioner;

/**
 * A provisioner of a run and its name.
 *
 * @param name its name in messages, events and records
 * @param isNamed whether the program gave the name
 * @param provisioner the provisioner
 */
record NamedProvisioner(String name, boolean isNamed, Provisioner provisioner) {
    /** {@return the default name of a provisioner} */
    static String unnamed(int number) {
        return "provisioner " + number;
    }
}
