package org.atex.adhoc;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Describes exceptions of user code safely: their {@code getMessage()} may throw. */
final class Throwables {
    private static final Logger LOG = LoggerFactory.getLogger(AdHocOrchestrator.class);
    private static final int LONGEST = 1000;

    /** Bounds the search for a cause: a chain of causes may be cyclic. */
    private static final int DEEPEST = 20;

    private Throwables() {}

    /** {@return the message of an exception, at most 1,000 characters, or its type if it has no message} */
    static String describe(Throwable e) {
        try {
            String message = e.getMessage();
            if (message != null && !message.isBlank()) {
                return cut(
                        e instanceof RuntimeException || e instanceof Error
                                ? message
                                : e.getClass().getName() + ": " + message);
            }
        } catch (Throwable broken) {
            return e.getClass().getName() + " (getMessage() failed: "
                    + broken.getClass().getName() + ")";
        }
        return e.getClass().getName();
    }

    private static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " …";
    }

    /** {@return whether an exception or one of its causes meets a condition} */
    static boolean anyCause(Throwable e, Predicate<Throwable> condition) {
        Throwable cause = e;
        for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
            if (condition.test(cause)) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /** {@return the stack trace of an exception; its description if that fails} */
    static String trace(Throwable e) {
        StringWriter trace = new StringWriter();
        try {
            e.printStackTrace(new PrintWriter(trace));
            return trace.toString();
        } catch (Throwable broken) {
            return describe(e);
        }
    }

    /** Logs an exception of user code. Loggers call its methods, which may throw. */
    static void warn(String what, Throwable e) {
        try {
            LOG.warn("{}", what, e);
        } catch (Throwable broken) {
            LOG.warn("{}: {}", what, e.getClass().getName());
        }
    }
}
