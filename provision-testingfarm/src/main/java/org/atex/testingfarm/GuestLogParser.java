package org.atex.testingfarm;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses the pipeline log for the address and the progress of the guest. The API does not provide them, and the wording
 * of the log changes between versions of the service: several markers are recognised for each fact.
 *
 * <p>Not thread-safe.
 */
final class GuestLogParser {
    // Strict, because the log is not trusted: an address such as -oProxyCommand=… could be read as an option of ssh.
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

    /** {@return a line as the log has it when a guest is ready and the reserve test starts} */
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
        // The first address counts: later lines may name other guests.
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

    /** {@return whether the reserve test, which installs the ssh key, has started or is about to start} */
    boolean isReserved() {
        return reserved;
    }

    /** {@return {@code user@host}, or null while it is unknown} */
    @Nullable
    String address() {
        return host == null ? null : (user == null ? "root" : user) + "@" + host;
    }

    /** {@return the line that reports a failure, or null} */
    @Nullable
    String failure() {
        return failure;
    }
}
