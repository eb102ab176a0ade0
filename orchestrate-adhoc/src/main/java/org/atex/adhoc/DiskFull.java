package org.atex.adhoc;

import java.io.IOException;

/** Recognizes failures caused by a full disk on this machine. */
final class DiskFull {
    private DiskFull() {}

    /** {@return whether a full disk, a lack of inodes or an exceeded quota caused the failure} */
    static boolean isCauseOf(Throwable e) {
        // The JDK has no exception type for a full disk: only the message of the operating system tells.
        return Throwables.anyCause(e, cause -> cause instanceof IOException && says(cause));
    }

    private static boolean says(Throwable e) {
        String message = Throwables.describe(e);
        return message.contains("No space left on device") || message.contains("quota exceeded");
    }
}
