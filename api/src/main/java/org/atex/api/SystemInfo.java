package org.atex.api;

import java.util.Map;

/**
 * What records and events say of a {@link Remote}. It is read once, when the system joins the run, and stays valid after the
 * system is given back.
 *
 * @param name the name of the system, {@link Remote#name()}
 * @param provisioner the name of its provisioner within the run; empty if it has none
 * @param host the machine behind it, {@link Remote#host()}
 * @param labels what is known of it, {@link Remote#labels()}
 */
public record SystemInfo(String name, String provisioner, String host, Map<String, String> labels) {
    /** Copies the map. */
    public SystemInfo {
        labels = Map.copyOf(labels);
    }

    /**
     * {@return a system of which only the name is known}
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
