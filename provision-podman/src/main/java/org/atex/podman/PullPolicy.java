package org.atex.podman;

import java.util.Locale;

/** When a registry is asked for an image. */
public enum PullPolicy {
    /** When it is not here: the default. */
    MISSING,
    /** Never: what is not here is an error. */
    NEVER,
    /** When a registry has a newer one, or when it is not here. */
    NEWER,
    /** Always; an error if no registry has it. */
    ALWAYS;

    String option() {
        return "--pull=" + name().toLowerCase(Locale.ROOT);
    }
}
