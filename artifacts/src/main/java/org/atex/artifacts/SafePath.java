package org.atex.artifacts;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Converts names chosen by tests to relative paths. Each name has a path below a directory, no path leads out of the
 * directory, and different names have different paths. Ordinary names are unchanged: {@code some/log} stays {@code
 * some/log}.
 *
 * <p>The rules, for each part between slashes:
 *
 * <ul>
 *   <li>{@code %}, control characters, unpaired surrogates, and characters that the character set of the file system
 *       lacks become {@code %} and two hexadecimal digits for each byte in UTF-8;
 *   <li>{@code .} becomes {@code %2E}, {@code ..} becomes {@code %2E.}, an empty part becomes {@code %}: so
 *       {@code /etc/x} becomes {@code %/etc/x};
 *   <li>a part of more than 220 bytes is cut, and ends with {@code %~} and a hash of the whole part;
 *   <li>a path of more than 1,500 bytes keeps the parts that fit, and ends with a part that consists of {@code %~} and
 *       a hash of the whole name.
 * </ul>
 *
 * <p>Equal names have equal paths. Different names have different paths on case-sensitive file systems; paths with a
 * hash differ with overwhelming probability.
 *
 * <p>Thread safety: thread-safe.
 */
public final class SafePath {
    // In bytes. Below the limits of 255 and 4,096 bytes of common file systems, which leaves space for suffixes and for
    // the path of the directory.
    private static final int MAX_PART = 220;
    private static final int MAX_PATH = 1500;
    private static final int HASH_BYTES = 16;
    private static final int HASHED_LENGTH = 2 + 2 * HASH_BYTES;
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final boolean UNICODE_FILE_NAMES = "UTF-8".equals(System.getProperty("sun.jnu.encoding"));

    private SafePath() {}

    /**
     * {@return the path of a file of a test, relative to the directory for files in its artifacts}
     *
     * @param result the name of the result to which the file belongs, or null for the test itself
     * @param file the name of the file as reported by the test
     */
    public static String ofFile(@Nullable String result, String file) {
        return result == null ? of(file) : of(result) + "/" + of(file);
    }

    /**
     * {@return the directory of a test, relative to that of its platform}
     *
     * <p>One leading slash is dropped, as most names of tests have one. This is the only case in which different names,
     * {@code a} and {@code /a}, have the same path.
     *
     * @param test the name of the test
     */
    public static String ofTest(String test) {
        return of(test.startsWith("/") ? test.substring(1) : test);
    }

    /**
     * {@return a path that consists of a single part}
     *
     * @param name any name; slashes are escaped
     */
    public static String ofPart(String name) {
        return part(name);
    }

    /**
     * {@return a path with the same number of parts as the name}
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
            // A part is kept only if a hash still fits after it.
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

    /** {@return whether a name needs no escapes; a fast path for short names in ASCII without empty or hidden parts} */
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
        // UTF-8 does not define bytes for unpaired surrogates. The bytes of its scheme keep different names different.
        byte[] bytes = isSurrogate(c)
                ? new byte[] {(byte) (0xe0 | (c >> 12)), (byte) (0x80 | ((c >> 6) & 0x3f)), (byte) (0x80 | (c & 0x3f))}
                : Character.toString(c).getBytes(StandardCharsets.UTF_8);
        for (byte b : bytes) {
            HEX.toHexDigits(to.append('%'), b);
        }
    }

    /** {@return the first bytes as text, without a character that is cut off at the end} */
    private static String start(byte[] bytes, int length) {
        int end = length;
        while ((bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    private static String hashed(String name) {
        return "%~" + HEX.formatHex(TextHash.sha256(name), 0, HASH_BYTES);
    }
}
