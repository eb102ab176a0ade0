package org.atex.artifacts;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Hashes text, for names and identifiers that follow from the names of tests. Thread-safe. */
public final class TextHash {
    private TextHash() {}

    /**
     * {@return the SHA-256 hash of a text} Different texts have different hashes, also if they are not well-formed.
     *
     * @param text the text
     */
    public static byte[] sha256(String text) {
        try {
            // Hashes UTF-16 code units: getBytes would map all unpaired surrogates to the same byte.
            ByteBuffer chars = ByteBuffer.allocate(2 * text.length());
            chars.asCharBuffer().put(text);
            return MessageDigest.getInstance("SHA-256").digest(chars.array());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256, which every JDK must provide", e);
        }
    }
}
