package org.atex.testingfarm;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads in a log how far a guest is, and where. There is no other place that says it, and the log's words change from time to
 * time: each thing is recognised by several of them.
 *
 * <p>Not thread-safe.
 */
final class GuestWatch {
    static final String HOST = "[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\\[?[0-9A-Fa-f:]{2,45}\\]?";
    static final String USER = "[a-z_][a-z0-9_-]{0,31}";
    private static final Pattern READY = Pattern.compile(
            "Guest is ready\\b.*?(?<![^\\s(,])(?<user>" + USER + ")@(?<host>" + HOST + ")(?=[,\\s)]|$)");
    private static final Pattern PRIMARY =
            Pattern.compile("\\bprimary address:\\s*(?:(?<user>" + USER + ")@)?(?<host>" + HOST + ")(?=[,\\s)]|$)");
    private static final Pattern RESERVED =
            Pattern.compile("starting tests execution|execute task #1\\b|Reservation tick:");
    private static final Pattern FAILED =
            Pattern.compile("Result of testing: ERROR|\\[testing-farm-request\\] Cancelling pipeline");

    private @Nullable String user;
    private @Nullable String host;
    private boolean ready;
    private boolean reserved;
    private @Nullable String failure;

    /** {@return a line that says that a guest is there, and may let us in at any time} */
    static String reserved(String address) {
        return "Guest is ready: " + address + ", starting tests execution";
    }

    void read(String line) {
        Matcher guest = READY.matcher(line);
        boolean found = guest.find();
        if (!found && host == null) {
            guest = PRIMARY.matcher(line);
            found = guest.find();
        }
        if (found && host == null) {
            host = guest.group("host");
            user = guest.group("user");
        }
        ready |= found || line.contains("Guest is ready");
        reserved |= RESERVED.matcher(line).find();
        if (failure == null && FAILED.matcher(line).find()) {
            failure = line;
        }
    }

    boolean isReady() {
        return ready;
    }

    /** {@return whether the test that lets us in has started, or is about to} */
    boolean isReserved() {
        return reserved;
    }

    /** {@return {@code user@host}, or null while nobody knows} */
    @Nullable
    String address() {
        return host == null ? null : (user == null ? "root" : user) + "@" + host;
    }

    /** {@return the line that says that nothing will come of it, or null} */
    @Nullable
    String failure() {
        return failure;
    }
}
