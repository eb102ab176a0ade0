package org.atex.ssh;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The values of the option {@code StrictHostKeyChecking} in {@code ssh_config(5)}. */
enum StrictHostKeyChecking {
    /** Hosts must be known. {@code ask} is treated like this, as there is no user to ask. */
    YES,
    /** Unknown hosts are accepted and recorded. */
    ACCEPT_NEW,
    /** Unknown hosts are accepted and recorded. A host with a changed key is accepted, but receives no password. */
    NO;

    static StrictHostKeyChecking of(@Nullable String word) {
        return switch (word == null ? "ask" : word.toLowerCase(Locale.ROOT)) {
            case "no", "off", "false" -> NO;
            case "accept-new" -> ACCEPT_NEW;
            default -> YES;
        };
    }
}
