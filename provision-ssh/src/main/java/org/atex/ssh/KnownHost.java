package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import net.schmizz.sshj.common.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * A line of a known-hosts file; {@code sshd(8)} defines the format under "SSH_KNOWN_HOSTS FILE FORMAT". Immutable.
 *
 * <p>sshj has a reader of its own, which is not used: it takes a negated name as a match for all other hosts, and
 * accepts a revoked key if another line lists the key.
 *
 * @param marker {@code @revoked}, {@code @cert-authority}, or an empty string
 * @param names the patterns of host names, separated by commas, or one hashed name
 * @param type the type of the key
 * @param key the key in Base64, without padding
 */
record KnownHost(String marker, String names, String type, String key) {
    private static final Set<String> MARKERS = Set.of("", "@revoked", "@cert-authority");

    /** {@return the parsed line, or null for a comment or a line that OpenSSH does not accept} */
    static @Nullable KnownHost of(String text) {
        if (text.strip().startsWith("#")) {
            return null;
        }
        List<String> words = List.of(text.strip().split("\\s+", -1));
        int start = words.get(0).startsWith("@") ? 1 : 0;
        if (words.size() < start + 3) {
            return null;
        }
        KnownHost line = new KnownHost(
                start == 0 ? "" : words.get(0),
                words.get(start),
                words.get(start + 1),
                words.get(start + 2).replaceFirst("=+$", ""));
        return MARKERS.contains(line.marker) && line.hasMatchingType() ? line : null;
    }

    /** OpenSSH ignores a line if the key has another type than the line says. */
    private boolean hasMatchingType() {
        try {
            return new Buffer.PlainBuffer(blob()).readString().equals(type);
        } catch (IllegalArgumentException | Buffer.BufferException e) {
            return false;
        }
    }

    private byte[] blob() {
        return Base64.getDecoder().decode(key);
    }

    /** {@return whether the line has a key, given in the wire format of RFC 4253 section 6.6} */
    boolean hasKey(byte[] other) {
        return Arrays.equals(blob(), other);
    }

    /**
     * {@return whether the line applies to a host}
     *
     * @param name the name of the host, in lower case
     */
    boolean isOf(String name) {
        return names.startsWith("|")
                ? hasHash(name)
                : ClientConfig.matches(
                        name, List.of(names.toLowerCase(Locale.ROOT).split(",", -1)));
    }

    /** {@code |1|SALT|HASH}: the HMAC-SHA1 of the name, keyed with the salt. OpenSSH defines no other version. */
    private boolean hasHash(String name) {
        List<String> parts = List.of(names.split("\\|", -1));
        if (parts.size() != 4 || !parts.get(1).equals("1")) {
            return false;
        }
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(parts.get(2)), "HmacSHA1"));
            return MessageDigest.isEqual(
                    mac.doFinal(name.getBytes(UTF_8)), Base64.getDecoder().decode(parts.get(3)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false; // a damaged line applies to no host
        }
    }

    boolean isRevoked() {
        return marker.equals("@revoked");
    }

    boolean isAuthority() {
        return marker.equals("@cert-authority");
    }

    /** {@return a description of the key for messages: marker, type and SHA-256 fingerprint} */
    String described() {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(blob());
            return (marker.isEmpty() ? "" : marker + " ") + type + " SHA256:"
                    + Base64.getEncoder().withoutPadding().encodeToString(hash);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return type;
        }
    }
}
