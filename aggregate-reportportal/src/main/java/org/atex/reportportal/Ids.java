package org.atex.reportportal;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.UUID;
import org.atex.artifacts.TextHash;

/**
 * The UUIDs of items and logs: hashes of their place in the launch, so that a call that is repeated, also by another
 * program, creates nothing twice. They have version 8, the one for formats of one's own.
 */
final class Ids {
    private static final int OWN_VERSION = 8;
    private static final int SHORT_HASH = 8;
    private static final int READABLE = 400;

    private Ids() {}

    static UUID suite(UUID launch, String platform) {
        return uuid(launch + " suite " + platform);
    }

    /** {@return the key of a test within a launch} The length separates platform and test unambiguously. */
    private static String key(String platform, String test) {
        return platform.length() + ":" + platform + test;
    }

    static UUID attempt(UUID launch, String platform, String test, int attempt) {
        return uuid(launch + " attempt " + attempt + " " + key(platform, test));
    }

    /** {@return the id of a part of an attempt: a nested step or a log} */
    static UUID part(UUID attempt, long number) {
        return uuid(attempt + " part " + number);
    }

    /** {@return the lane of a test: its attempts are sent one after another} */
    static UUID lane(String platform, String test) {
        return uuid("lane " + key(platform, test));
    }

    /** {@return the id by which the service recognizes a test in all launches and attempts: readable, and unique} */
    static String testCase(String platform, String test) {
        return Text.name(test, READABLE) + " [" + Text.name(platform, READABLE) + "] "
                + HexFormat.of().formatHex(TextHash.sha256(key(platform, test)), 0, SHORT_HASH);
    }

    private static UUID uuid(String text) {
        ByteBuffer hash = ByteBuffer.wrap(TextHash.sha256(text));
        long high = hash.getLong() & ~0xf000L | OWN_VERSION << 12;
        long low = hash.getLong() & 0x3fffffff_ffffffffL | 0x80000000_00000000L;
        return new UUID(high, low);
    }
}
