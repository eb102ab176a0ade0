package org.atex.html;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Objects;
import org.atex.artifacts.WholeFile;

/**
 * The HTML file. It contains its script and style, which a content security policy allows by their hashes, and the
 * entries of the run as JSON. The script makes elements of them, with texts as text only. The policy allows no other
 * script and no request.
 *
 * <p>Thread-safe; the caller serializes writes of the same file.
 */
final class Page {
    /** The mark in the template for the entries. */
    private static final String ENTRIES = "@ENTRIES@";

    private final String head;
    private final String tail;

    private Page(String head, String tail) {
        this.head = head;
        this.tail = tail;
    }

    /** {@return the page without entries} */
    static Page read() {
        String style = resource("page.css");
        String script = resource("page.js");
        String html = resource("page.html")
                .replace("@STYLE_HASH@", hash(style))
                .replace("@SCRIPT_HASH@", hash(script))
                .replace("@STYLE@", style)
                .replace("@SCRIPT@", script);
        int at = html.indexOf(ENTRIES);
        return new Page(html.substring(0, at), html.substring(at + ENTRIES.length()));
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(Page.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("could not read " + name + " of the module org.atex.html", e);
        }
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /**
     * Writes the page: readers see the old page or the new one.
     *
     * @param path the path of the page
     * @param entries complete lines of the journal
     * @param length the number of bytes to read of them
     * @param last further lines
     */
    void write(Path path, InputStream entries, long length, String last) throws IOException {
        WholeFile.write(path, out -> {
            out.write(head.getBytes(UTF_8));
            copy(entries, length, out);
            // The last line has no comma.
            out.write(last.stripTrailing().replace("\n", ",\n").getBytes(US_ASCII));
            out.write(tail.getBytes(UTF_8));
        });
    }

    /** Copies lines, and makes elements of an array of them. */
    private static void copy(InputStream entries, long length, OutputStream out) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long left = length;
        while (left > 0) {
            int got = entries.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (got < 0) {
                throw new IOException("the journal of the page ended " + left + " bytes too early");
            }
            int from = 0;
            for (int i = 0; i < got; i++) {
                if (buffer[i] == '\n') {
                    out.write(buffer, from, i - from);
                    out.write(',');
                    from = i;
                }
            }
            out.write(buffer, from, got - from);
            left -= got;
        }
    }
}
