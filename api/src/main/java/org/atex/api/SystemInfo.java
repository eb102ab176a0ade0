package org.atex.api;

import java.util.Map;

/**
 * A description of a {@link Remote} for records and events. It is read once, when the system joins the run, and stays
 * valid after the system is given back. Immutable.
 *
 * @param name the name of the system, {@link Remote#name()}
 * @param provisioner the name of its provisioner within the run; empty if it has none
 * @param host the machine of the system, {@link Remote#host()}
 * @param labels the properties of the system, {@link Remote#labels()}
 */
public record SystemInfo(String name, String provisioner, String host, Map<String, String> labels) {
    /** Copies the map. */
    public SystemInfo {
        labels = Map.copyOf(labels);
    }

    /**
     * {@return a description that has only a name}
     *
     * @param name the name of the system
     */
    public static SystemInfo named(String name) {
        return new SystemInfo(name, "", name, Map.of());
    }

    /** {@return the name} */
    @Override
    public String toString() {
        return name;
    }
}
