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
 * A line of known hosts, as {@code sshd(8)} describes it. Immutable.
 *
 * <p>sshj reads them too, but takes a negated name for one of all other hosts, and a revoked key for a good one if another
 * line has it.
 *
 * @param marker such as {@code @revoked}, or empty
 * @param names of hosts
 * @param type of its key
 * @param key its key, in base 64
 */
record KnownHost(String marker, String names, String type, String key) {
    private static final Set<String> MARKERS = Set.of("", "@revoked", "@cert-authority");

    /** {@return the line, or null if it is none that OpenSSH understands} */
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
        return MARKERS.contains(line.marker) && line.isOfItsType() ? line : null;
    }

    private boolean isOfItsType() {
        try {
            return new Buffer.PlainBuffer(blob()).readString().equals(type);
        } catch (IllegalArgumentException | Buffer.BufferException e) {
            return false;
        }
    }

    private byte[] blob() {
        return Base64.getDecoder().decode(key);
    }

    /** {@return whether its key is one, as it travels} */
    boolean hasKey(byte[] other) {
        return Arrays.equals(blob(), other);
    }

    /**
     * {@return whether it speaks of a host}
     *
     * @param name its name in small letters
     */
    boolean isOf(String name) {
        return names.startsWith("|")
                ? hasHash(name)
                : ClientConfig.matches(
                        name, List.of(names.toLowerCase(Locale.ROOT).split(",", -1)));
    }

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
            return false; // a line that is damaged speaks of nobody
        }
    }

    boolean isRevoked() {
        return marker.equals("@revoked");
    }

    boolean isAuthority() {
        return marker.equals("@cert-authority");
    }

    /** {@return its key in words} */
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
