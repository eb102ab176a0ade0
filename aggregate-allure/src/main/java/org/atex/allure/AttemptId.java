package org.atex.allure;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.UUID;
import org.atex.api.TestRecord;
import org.atex.artifacts.TextHash;
import org.jspecify.annotations.Nullable;

/**
 * The identifiers of an attempt in the report. Immutable.
 *
 * <p>The UUIDs have version 8, the one for formats of one's own. The UUIDs of the attachments are that of the result
 * with another number in the last 32 bits, so that the files of an attempt are known from their names.
 *
 * @param name the name of the test in the report
 * @param test the identifier of the test: the same in all runs, on all machines and for all attempts
 * @param uuid the identifier of the result
 */
record AttemptId(String name, String test, UUID uuid) {
    private static final int UUID_LENGTH = 36;
    private static final int OWN_VERSION = 8;
    private static final String ATTACHMENT = "-attachment";

    /**
     * {@return the identifiers of an attempt}
     *
     * @param run identifies the run, which may store the same attempts as earlier runs
     * @param name the name of the test in the report
     */
    static AttemptId of(UUID run, TestRecord record, String name) {
        // The length separates platform and test unambiguously: both may contain any character.
        String key = record.platform().length() + ":" + record.platform() + name;
        ByteBuffer hash = ByteBuffer.wrap(TextHash.sha256(run + " " + record.attempt() + " " + key));
        long high = hash.getLong() & ~0xf000L | OWN_VERSION << 12;
        long low = hash.getLong() & 0x3fffffff_00000000L | 0x80000000_00000000L;
        return new AttemptId(name, HexFormat.of().formatHex(TextHash.sha256(key)), new UUID(high, low));
    }

    /** {@return the name of the file of the result} */
    String result() {
        return result(uuid);
    }

    private static String result(UUID uuid) {
        return uuid + "-result.json";
    }

    /**
     * {@return the name of the file of an attachment}
     *
     * @param number the number of the attachment, from 1
     * @param extension the extension of the file
     */
    String attachment(int number, String extension) {
        UUID own = new UUID(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits() | number);
        return own + ATTACHMENT + "." + extension;
    }

    /**
     * {@return the name of the file of the result to which an attachment belongs; null if the file is not an attachment
     * that an aggregator of this class wrote}
     *
     * @param file the name of a file
     */
    static @Nullable String resultOf(String file) {
        if (!file.startsWith(ATTACHMENT, UUID_LENGTH)) {
            return null;
        }
        try {
            UUID own = UUID.fromString(file.substring(0, UUID_LENGTH));
            return own.version() == OWN_VERSION
                    ? result(new UUID(own.getMostSignificantBits(), own.getLeastSignificantBits() & ~0xffffffffL))
                    : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
