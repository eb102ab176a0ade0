package org.atex.adhoc;

import java.io.IOException;

/** Recognizes failures caused by a full disk on this machine. */
final class DiskFull {
    private DiskFull() {}

    /** {@return whether a full disk, a lack of inodes or an exceeded quota caused the failure} */
    static boolean isCauseOf(Throwable e) {
        Throwable cause = e;
        for (int depth = 0; cause != null && depth < Throwables.DEEPEST; depth++) {
            // The JDK has no exception type for a full disk: only the message of the operating system tells.
            if (cause instanceof IOException && says(cause)) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    private static boolean says(Throwable e) {
        String message = Throwables.describe(e);
        return message.contains("No space left on device") || message.contains("quota exceeded");
    }
}
