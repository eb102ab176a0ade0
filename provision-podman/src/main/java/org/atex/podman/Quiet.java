package org.atex.podman;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Closes what nobody needs any more. */
final class Quiet {
    private Quiet() {}

    static void close(@Nullable Closeable resource) {
        if (resource == null) {
            return;
        }
        try {
            resource.close();
        } catch (IOException e) {
            // What was to be read or written was, or nobody wants it.
        }
    }
}
