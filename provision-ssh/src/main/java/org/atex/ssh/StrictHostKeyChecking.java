package org.atex.ssh;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How strictly hosts are checked: {@code StrictHostKeyChecking} of {@code ssh_config(5)}. */
enum StrictHostKeyChecking {
    /** Hosts must be known. We have nobody to ask. */
    YES,
    /** New hosts are learned. */
    ACCEPT_NEW,
    /** New hosts are learned, and those whose key has changed are given no password. */
    NO;

    static StrictHostKeyChecking of(@Nullable String word) {
        return switch (word == null ? "ask" : word.toLowerCase(Locale.ROOT)) {
            case "no", "off", "false" -> NO;
            case "accept-new" -> ACCEPT_NEW;
            default -> YES;
        };
    }
}
