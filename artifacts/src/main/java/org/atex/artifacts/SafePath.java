package org.atex.artifacts;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Makes relative paths of names that tests choose, so that every name has a place below a directory, none leads out of it,
 * and no two names share one. An ordinary name is its own path: {@code some/log} stays {@code some/log}.
 *
 * <p>The rules, for each part between slashes:
 *
 * <ul>
 *   <li>a {@code %}, a control character, half a surrogate pair, and whatever the file system's character set lacks
 *       becomes {@code %} and two hexadecimal digits for each byte of its UTF-8 form;
 *   <li>{@code .} becomes {@code %2E}, {@code ..} becomes {@code %2E.}, an empty part becomes {@code %}: so
 *       {@code /etc/x} becomes {@code %/etc/x};
 *   <li>a part of more than 220 bytes is cut and ends in {@code %~} and a hash of the whole part;
 *   <li>of a path of more than 1,500 bytes the parts that still fit are kept, and the rest is one part,
 *       {@code %~} and a hash of the whole name.
 * </ul>
 *
 * <p>The same name always gives the same path. Names that differ give paths that differ (where a hash is involved: for all
 * practical purposes), on file systems that tell upper from lower case.
 */
public final class SafePath {
    private static final int MAX_PART = 220;
    private static final int MAX_PATH = 1500;
    private static final int HASH_BYTES = 16;
    private static final int HASHED_LENGTH = 2 + 2 * HASH_BYTES;
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final boolean UNICODE_FILE_NAMES = "UTF-8".equals(System.getProperty("sun.jnu.encoding"));

    private SafePath() {}

    /**
     * {@return the path of a file that a test uploaded, relative to the directory of its artifacts' files}
     *
     * @param result the name of the result that it belongs to, or null for the test itself
     * @param file its name as the test gave it
     */
    public static String ofFile(@Nullable String result, String file) {
        return result == null ? of(file) : of(result) + "/" + of(file);
    }

    /**
     * {@return the directory of a test, relative to that of its platform}
     *
     * <p>One leading slash is dropped, as most tests' names have one: this is the one place where two names, {@code a}
     * and {@code /a}, have the same path.
     *
     * @param test the test's name
     */
    public static String ofTest(String test) {
        return of(test.startsWith("/") ? test.substring(1) : test);
    }

    /**
     * {@return a path of a single part}
     *
     * @param name any name; a slash in it is escaped too
     */
    public static String ofPart(String name) {
        return part(name);
    }

    /**
     * {@return a path of as many parts as the name has}
     *
     * @param name any name
     */
    public static String of(String name) {
        if (isOrdinary(name)) {
            return name;
        }
        StringBuilder path = new StringBuilder();
        for (String part : name.split("/", -1)) {
            String safe = part(part);
            if (path.length() + 1 + safe.length() + HASHED_LENGTH > MAX_PATH) {
                return append(path, hashed(name)).toString();
            }
            append(path, safe);
        }
        return path.toString();
    }

    private static StringBuilder append(StringBuilder path, String part) {
        return path.append(path.isEmpty() ? "" : "/").append(part);
    }

    /** The quick answer for nearly all names: short, of plain characters, and no part that is empty or starts with a dot. */
    private static boolean isOrdinary(String name) {
        char before = '/';
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c <= ' ' || c > '~' || c == '%' || (before == '/' && (c == '/' || c == '.'))) {
                return false;
            }
            before = c;
        }
        return before != '/' && name.length() <= MAX_PART;
    }

    private static String part(String part) {
        String safe = switch (part) {
            case "" -> "%";
            case "." -> "%2E";
            case ".." -> "%2E.";
            default -> escaped(part);
        };
        byte[] bytes = safe.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= MAX_PART ? safe : start(bytes, MAX_PART - HASHED_LENGTH) + hashed(part);
    }

    private static String escaped(String part) {
        StringBuilder escaped = new StringBuilder(part.length() + 16);
        part.codePoints().forEach(c -> {
            if (isSafe(c)) {
                escaped.appendCodePoint(c);
            } else {
                escape(c, escaped);
            }
        });
        return escaped.toString();
    }

    private static boolean isSafe(int c) {
        return c != '%'
                && c != '/'
                && !Character.isISOControl(c)
                && (c <= '~' || (UNICODE_FILE_NAMES && !isSurrogate(c)));
    }

    private static boolean isSurrogate(int c) {
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    }

    private static void escape(int c, StringBuilder to) {
        // A surrogate on its own has no UTF-8 form; this is what it would be, so that no two look the same.
        byte[] bytes = isSurrogate(c)
                ? new byte[] {(byte) (0xe0 | (c >> 12)), (byte) (0x80 | ((c >> 6) & 0x3f)), (byte) (0x80 | (c & 0x3f))}
                : Character.toString(c).getBytes(StandardCharsets.UTF_8);
        for (byte b : bytes) {
            HEX.toHexDigits(to.append('%'), b);
        }
    }

    /** As many of the bytes as make whole characters. */
    private static String start(byte[] bytes, int length) {
        int end = length;
        while ((bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    private static String hashed(String name) {
        try {
            // Char by char, as getBytes would take all lone surrogates for the same.
            ByteBuffer chars = ByteBuffer.allocate(2 * name.length());
            chars.asCharBuffer().put(name);
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(chars.array());
            return "%~" + HEX.formatHex(hash, 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256, but this one", e);
        }
    }
}
