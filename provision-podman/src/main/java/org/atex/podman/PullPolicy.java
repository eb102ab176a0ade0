package org.atex.podman;

import java.util.Locale;

/** Determines when an image is pulled from a registry. */
public enum PullPolicy {
    /** Pulls if there is no local image; the default. */
    MISSING,
    /** Never pulls; a missing local image is an error. */
    NEVER,
    /** Pulls if the registry has a newer image, or if there is no local image. */
    NEWER,
    /** Always pulls; an error if no registry has the image. */
    ALWAYS;

    String option() {
        return "--pull=" + name().toLowerCase(Locale.ROOT);
    }
}
