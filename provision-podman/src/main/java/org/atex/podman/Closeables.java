package org.atex.podman;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Closes resources without throwing. */
final class Closeables {
    private Closeables() {}

    /** Closes a resource and ignores an {@link IOException}. Does nothing for null. */
    static void closeQuietly(@Nullable Closeable resource) {
        if (resource == null) {
            return;
        }
        try {
            resource.close();
        } catch (IOException e) {
            // All data has been transferred or is no longer needed, so the failure has no consequence.
        }
    }
}
