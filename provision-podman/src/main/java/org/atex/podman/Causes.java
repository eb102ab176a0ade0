package org.atex.podman;

/** Finds what really went wrong. */
final class Causes {
    private Causes() {}

    /** {@return what an exception wraps, or itself} */
    static Throwable of(Throwable e) {
        Throwable cause = e.getCause();
        return cause == null ? e : cause;
    }
}
