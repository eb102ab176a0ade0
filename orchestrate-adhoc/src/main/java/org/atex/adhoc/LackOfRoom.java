package org.atex.adhoc;

import java.io.IOException;

/** Tells failures for lack of room on a disk of this machine from others. */
final class LackOfRoom {
    private static final int DEEPEST = 20;

    private LackOfRoom() {}

    /** {@return whether a full disk, one without inodes, or a quota led to it} */
    static boolean causes(Throwable e) {
        Throwable cause = e;
        for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
            // The JDK has no type for it, and passes on what the system says.
            if (cause instanceof IOException && says(cause)) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    private static boolean says(Throwable e) {
        String words = Words.of(e);
        return words.contains("No space left on device") || words.contains("quota exceeded");
    }
}
