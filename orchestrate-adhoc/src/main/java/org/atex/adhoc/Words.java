package org.atex.adhoc;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Words about exceptions of user code, which may misbehave themselves: their {@code getMessage()} may throw. */
final class Words {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);
    private static final int LONGEST = 1000;

    private Words() {}

    /** {@return what an exception says, or its type if it says nothing} */
    static String of(Throwable e) {
        try {
            String message = e.getMessage();
            if (message != null && !message.isBlank()) {
                return cut(
                        e instanceof RuntimeException || e instanceof Error
                                ? message
                                : e.getClass().getName() + ": " + message);
            }
        } catch (Throwable unspeakable) {
            return e.getClass().getName() + " (its message cannot be had: "
                    + unspeakable.getClass().getName() + ")";
        }
        return e.getClass().getName();
    }

    private static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " …";
    }

    /** Logs an exception of user code, which logging it may meet once more. */
    static void warn(String what, Throwable e) {
        try {
            LOG.warn("{}", what, e);
        } catch (Throwable unspeakable) {
            LOG.warn("{}: {}", what, e.getClass().getName());
        }
    }
}
