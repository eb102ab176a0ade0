package org.atex.junitxml;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Converts arbitrary text or bytes to valid XML text in UTF-8.
 *
 * <ul>
 *   <li>Malformed UTF-8, and characters that XML does not allow, become U+FFFD.
 *   <li>Terminal control sequences (colours, titles, cursor movements) are removed.
 *   <li>A carriage return is removed before a newline, and written as a character reference elsewhere.
 *   <li>In attributes, newlines and tabs are written as references, as parsers replace them by spaces otherwise.
 *   <li>Directives for readers, such as {@code [[ATTACHMENT|path]]}, get a space between their brackets. Readers look
 *       for them in all text, and the output of a test must not make a reader publish a file of its machine.
 * </ul>
 *
 * <p>The XML writer of the JDK does none of this: it writes illegal characters, which makes the whole file unreadable.
 */
final class XmlText {
    private static final char ESCAPE = '\u001b';
    private static final char BELL = '\u0007';
    private static final byte[] REPLACEMENT = {(byte) 0xef, (byte) 0xbf, (byte) 0xbd};
    private static final byte[] AMP = ascii("&amp;");
    private static final byte[] LT = ascii("&lt;");
    private static final byte[] GT = ascii("&gt;");
    private static final byte[] QUOT = ascii("&quot;");
    private static final byte[] TAB = ascii("&#9;");
    private static final byte[] NEWLINE = ascii("&#10;");
    private static final byte[] RETURN = ascii("&#13;");

    /** Maximum length of a directive for readers, with its brackets and without its value. */
    private static final int MAX_DIRECTIVE = 64;

    private enum State {
        TEXT,
        /** After an escape character. */
        ESCAPED,
        /** In a control sequence, escape and bracket, until its final letter. */
        CONTROL,
        /** In a control string, such as a title, until a bell, an escape and backslash, or the end of the line. */
        STRING
    }

    private final OutputStream to;
    private final boolean attribute;

    /** True for text of this library, in which directives for readers are kept. */
    private final boolean trusted;

    /** Brackets and letters that may be the beginning of a directive for readers. */
    private final StringBuilder held = new StringBuilder(0);

    private State state = State.TEXT;
    private boolean pendingReturn;
    private char pendingHigh;

    private XmlText(OutputStream to, boolean attribute, boolean trusted) {
        this.to = to;
        this.attribute = attribute;
        this.trusted = trusted;
    }

    /** Writes the value of an attribute. */
    static void attribute(OutputStream to, String text) throws IOException {
        XmlText xml = new XmlText(to, true, false);
        xml.characters(text);
        xml.end();
    }

    /** Writes the text of an element. */
    static void text(OutputStream to, String text) throws IOException {
        XmlText xml = new XmlText(to, false, false);
        xml.characters(text);
        xml.end();
    }

    /** Writes the text of an element without changing directives for readers. */
    static void trusted(OutputStream to, String text) throws IOException {
        XmlText xml = new XmlText(to, false, true);
        xml.characters(text);
        xml.end();
    }

    /**
     * Writes the given number of bytes as the text of an element. A character that is cut off at the end is omitted.
     */
    static void text(OutputStream to, InputStream bytes, long length) throws IOException {
        XmlText xml = new XmlText(to, false, false);
        xml.decode(bytes, length);
        xml.end();
    }

    private void decode(InputStream bytes, long length) throws IOException {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        ByteBuffer in = ByteBuffer.allocate((int) Math.min(8192, Math.max(16, length)));
        CharBuffer out = CharBuffer.allocate(in.capacity());
        for (long left = length; left > 0; ) {
            int got = bytes.read(in.array(), in.position(), (int) Math.min(in.remaining(), left));
            if (got < 0) {
                break;
            }
            left -= got;
            in.position(in.position() + got).flip();
            decoder.decode(in, out, false);
            in.compact();
            characters(out.flip());
            out.clear();
        }
    }

    private void characters(CharSequence text) throws IOException {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // The common case: a plain character, and no incomplete sequence, line break or surrogate pair before it.
            if (state == State.TEXT && c >= ' ' && c < '\u007f' && !pendingReturn && pendingHigh == 0) {
                filterDirective(c);
            } else {
                step(c);
            }
        }
    }

    private void step(char c) throws IOException {
        switch (state) {
            case TEXT -> {
                if (c == ESCAPE) {
                    state = State.ESCAPED;
                } else {
                    character(c);
                }
            }
            case ESCAPED -> escaped(c);
            case CONTROL -> {
                if (c >= '@' && c <= '~') {
                    state = State.TEXT;
                } else if (c < ' ' || c > '~') {
                    reprocess(c);
                }
            }
            case STRING -> {
                if (c == BELL) {
                    state = State.TEXT;
                } else if (c == ESCAPE) {
                    state = State.ESCAPED;
                } else if (c == '\n' || c == '\r') {
                    reprocess(c);
                }
            }
        }
    }

    private void escaped(char c) throws IOException {
        switch (c) {
            case '[' -> state = State.CONTROL;
            case ']', 'P', 'X', '^', '_' -> state = State.STRING;
            case ESCAPE -> {
                // The sequence before was incomplete.
            }
            default -> {
                if (c < ' ' || c > '~') {
                    reprocess(c);
                } else if (c >= '0') {
                    state = State.TEXT;
                }
            }
        }
    }

    /** Ends an invalid control sequence, and handles a character that is not part of it as text. */
    private void reprocess(char c) throws IOException {
        state = State.TEXT;
        step(c);
    }

    private void character(char c) throws IOException {
        if (pendingHigh != 0) {
            char high = pendingHigh;
            pendingHigh = 0;
            if (Character.isLowSurrogate(c)) {
                release();
                fourBytes(Character.toCodePoint(high, c));
                return;
            }
            release();
            to.write(REPLACEMENT);
        }
        if (pendingReturn) {
            pendingReturn = false;
            if (c != '\n') {
                release();
                to.write(RETURN);
            }
        }
        if (c == '\r') {
            pendingReturn = true;
        } else if (Character.isHighSurrogate(c)) {
            pendingHigh = c;
        } else if (c < 0x80) {
            filterDirective(c);
        } else {
            release();
            beyondAscii(c);
        }
    }

    private void beyondAscii(char c) throws IOException {
        if (c < 0x800) {
            to.write(0xc0 | (c >> 6));
            to.write(0x80 | (c & 0x3f));
        } else if (Character.isLowSurrogate(c) || c >= 0xfffe) {
            to.write(REPLACEMENT);
        } else {
            to.write(0xe0 | (c >> 12));
            to.write(0x80 | ((c >> 6) & 0x3f));
            to.write(0x80 | (c & 0x3f));
        }
    }

    /** Holds back text that may be a directive for readers: two brackets, letters and a bar. */
    private void filterDirective(char c) throws IOException {
        int length = held.length();
        if (length == 0 && (c != '[' || trusted)) {
            ascii(c);
        } else if (length < 2 && c == '[') {
            held.append(c);
        } else if (length == 2 && c == '[') {
            ascii(c);
        } else if (length >= 2 && length < MAX_DIRECTIVE && isDirectivePart(c)) {
            held.append(c);
        } else {
            if (length > 2 && c == '|') {
                held.insert(1, ' ');
            }
            release();
            filterDirective(c);
        }
    }

    private static boolean isDirectivePart(char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }

    private void release() throws IOException {
        for (int i = 0; i < held.length(); i++) {
            ascii(held.charAt(i));
        }
        held.setLength(0);
    }

    private void ascii(char c) throws IOException {
        switch (c) {
            case '&' -> to.write(AMP);
            case '<' -> to.write(LT);
            case '>' -> to.write(GT);
            case '"' -> {
                if (attribute) {
                    to.write(QUOT);
                } else {
                    to.write(c);
                }
            }
            case '\n' -> {
                if (attribute) {
                    to.write(NEWLINE);
                } else {
                    to.write(c);
                }
            }
            case '\t' -> {
                if (attribute) {
                    to.write(TAB);
                } else {
                    to.write(c);
                }
            }
            default -> {
                if (c < ' ') {
                    to.write(REPLACEMENT);
                } else {
                    to.write(c);
                }
            }
        }
    }

    private void fourBytes(int c) throws IOException {
        to.write(0xf0 | (c >> 18));
        to.write(0x80 | ((c >> 12) & 0x3f));
        to.write(0x80 | ((c >> 6) & 0x3f));
        to.write(0x80 | (c & 0x3f));
    }

    private void end() throws IOException {
        release();
        if (pendingHigh != 0) {
            to.write(REPLACEMENT);
        }
        if (pendingReturn) {
            to.write(RETURN);
        }
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
