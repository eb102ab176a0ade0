package org.atex.jsonl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.atex.artifacts.TempBuffer;
import org.jspecify.annotations.Nullable;

/** Writes strings that are valid in JSON, in YAML 1.1 and in YAML 1.2, with the same meaning. */
final class JsonText {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NULL = {'n', 'u', 'l', 'l'};

    private JsonText() {}

    static void string(TempBuffer to, @Nullable String text) throws IOException {
        if (text == null) {
            to.write(NULL);
            return;
        }
        to.write('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
                to.write(c);
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                fourBytes(to, Character.toCodePoint(c, text.charAt(++i)));
            } else {
                special(to, c);
            }
        }
        to.write('"');
    }

    static void strings(TempBuffer to, List<String> texts) throws IOException {
        to.write('[');
        for (int i = 0; i < texts.size(); i++) {
            if (i > 0) {
                to.write(',');
            }
            string(to, texts.get(i));
        }
        to.write(']');
    }

    private static void special(TempBuffer to, char c) throws IOException {
        switch (c) {
            case '"', '\\' -> escaped(to, c);
            case '\n' -> escaped(to, 'n');
            case '\t' -> escaped(to, 't');
            case '\r' -> escaped(to, 'r');
            default -> {
                if (Character.isSurrogate(c)) {
                    // Half of a surrogate pair cannot be encoded in UTF-8.
                    threeBytes(to, '\ufffd');
                } else if (mustBeNumeric(c)) {
                    numeric(to, c);
                } else if (c < 0x800) {
                    to.write(0xc0 | (c >> 6));
                    to.write(0x80 | (c & 0x3f));
                } else {
                    threeBytes(to, c);
                }
            }
        }
    }

    /** {@return whether a character is a control character, a line break in YAML, a byte order mark or no character} */
    private static boolean mustBeNumeric(char c) {
        return c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfeff || c >= 0xfffe;
    }

    private static void escaped(TempBuffer to, char c) throws IOException {
        to.write('\\');
        to.write(c);
    }

    private static void numeric(TempBuffer to, char c) throws IOException {
        escaped(to, 'u');
        for (int shift = 12; shift >= 0; shift -= 4) {
            to.write(HEX[(c >> shift) & 0xf]);
        }
    }

    private static void threeBytes(TempBuffer to, char c) throws IOException {
        to.write(0xe0 | (c >> 12));
        to.write(0x80 | ((c >> 6) & 0x3f));
        to.write(0x80 | (c & 0x3f));
    }

    private static void fourBytes(TempBuffer to, int c) throws IOException {
        to.write(0xf0 | (c >> 18));
        to.write(0x80 | ((c >> 12) & 0x3f));
        to.write(0x80 | ((c >> 6) & 0x3f));
        to.write(0x80 | (c & 0x3f));
    }
}
