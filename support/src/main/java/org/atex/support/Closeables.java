package org.atex.support;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Closes resources without throwing. Thread-safe. */
public final class Closeables {
    private Closeables() {}

    /**
     * Closes a resource whose data have been transferred or are no longer needed, and ignores an {@link IOException}.
     *
     * @param resource the resource, or null
     */
    public static void closeQuietly(@Nullable Closeable resource) {
        if (resource == null) {
            return;
        }
        try {
            resource.close();
        } catch (IOException e) {
            // No data are lost, so the failure has no consequence.
        }
    }
}
