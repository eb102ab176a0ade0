package org.atex.fmf;

/**
 * Where things are on the system.
 *
 * @param root the directory that holds them
 */
record Place(String root) {
    String tree() {
        return root + "/tree";
    }

    String libraries() {
        return root + "/libs";
    }

    String planEnvironment() {
        return root + "/plan-environment";
    }

    String metadata() {
        return root + "/metadata.yaml";
    }

    String state() {
        return root + "/state";
    }
}
