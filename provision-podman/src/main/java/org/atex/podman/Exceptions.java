package org.atex.podman;

/** Utility methods for exceptions. */
final class Exceptions {
    private Exceptions() {}

    /** {@return the cause of an exception, or the exception itself if it has none} */
    static Throwable causeOf(Throwable e) {
        Throwable cause = e.getCause();
        return cause == null ? e : cause;
    }
}
