package org.atex.support;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Conversions between paths and raw names. A raw name is a string in which each character stands for one byte of the
 * name (ISO 8859-1). File names need not be valid UTF-8, and decoding as UTF-8 could map two names to one.
 *
 * <p>Thread-safe.
 */
public final class RawFileName {
    private static final Path ROOT = Path.of("/");

    private RawFileName() {}

    /**
     * {@return the raw name for a text}
     *
     * @param text the text, which is encoded as UTF-8
     */
    public static String of(String text) {
        return isAscii(text) ? text : new String(text.getBytes(UTF_8), ISO_8859_1);
    }

    /**
     * {@return the raw name of a local path}
     *
     * @param path the path; if it is relative, the name is relative as well
     */
    public static String of(Path path) {
        String text = path.toString();
        if (isAscii(text)) {
            return text;
        }
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            return of(text);
        }
        // Path.toString() decodes the name. Only the URI of a path keeps its bytes.
        String raw = decoded(ROOT.resolve(path).toUri().getRawPath());
        int end = raw.endsWith("/") ? raw.length() - 1 : raw.length();
        return raw.substring(path.isAbsolute() ? 0 : 1, end);
    }

    private static String decoded(String encoded) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c == '%') {
                bytes.write(Integer.parseInt(encoded, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        return bytes.toString(ISO_8859_1);
    }

    /**
     * {@return the local path for a raw name}
     *
     * @param raw the raw name
     * @throws IOException if no local path can have that name
     */
    public static Path path(String raw) throws IOException {
        try {
            if (isAscii(raw)) {
                return Path.of(raw);
            }
            // Path.of encodes its argument by the locale. A URI passes each byte on.
            StringBuilder uri = new StringBuilder("file:///");
            for (int i = 0; i < raw.length(); i++) {
                char c = raw.charAt(i);
                uri.append(c == '/' ? "/" : String.format(Locale.ROOT, "%%%02X", (int) c));
            }
            Path absolute = Path.of(URI.create(uri.toString()));
            return raw.startsWith("/") ? absolute : ROOT.relativize(absolute);
        } catch (IllegalArgumentException e) {
            throw new IOException("the name '" + readable(raw) + "' is not valid for a local file", e);
        }
    }

    /**
     * {@return the bytes of a raw name}
     *
     * @param raw the raw name
     */
    public static byte[] bytes(String raw) {
        return raw.getBytes(ISO_8859_1);
    }

    /**
     * {@return a raw name for messages; bytes that are not valid UTF-8 are written as {@code \xNN}}
     *
     * @param raw the raw name
     */
    public static String readable(String raw) {
        if (isAscii(raw)) {
            return raw;
        }
        try {
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(raw))).toString();
        } catch (CharacterCodingException e) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < raw.length(); i++) {
                char c = raw.charAt(i);
                text.append(c < 128 ? String.valueOf(c) : String.format(Locale.ROOT, "\\x%02X", (int) c));
            }
            return text.toString();
        }
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 128) {
                return false;
            }
        }
        return true;
    }
}
