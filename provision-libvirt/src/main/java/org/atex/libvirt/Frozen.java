package org.atex.libvirt;

/**
 * The frozen state of a prepared virtual machine.
 *
 * @param name its name
 * @param uuid its uuid
 * @param deadline the deadline of its lease
 * @param identity what must differ in each system
 */
record Frozen(String name, String uuid, String deadline, Identity identity) {
    /**
     * {@return a script of sed that turns the definition in the state into that of another domain} All replaced texts
     * have the same length, so the format of the file is kept.
     */
    String edit(String otherName, String otherUuid, String otherDeadline) {
        return "s/" + name + "/" + otherName + "/g;s/" + uuid + "/" + otherUuid + "/g;s/\"" + deadline + "\"/\""
                + otherDeadline + "\"/g;s/'" + deadline + "'/'" + otherDeadline + "'/g";
    }
}
