package org.atex.findings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Divides a number of bytes among texts. Not thread-safe. */
final class Shares {
    /** A comma and a line break follow each text. */
    private static final int SEPARATOR = 2;

    private long left;

    Shares(long bytes) {
        left = Math.max(0, bytes);
    }

    /**
     * The texts that fit, which are the first ones.
     *
     * @param texts the texts
     * @param omitted the number of those that do not fit
     */
    record Fit(List<String> texts, int omitted) {}

    /** {@return the bytes that are left} */
    long left() {
        return left;
    }

    /**
     * Takes the space of texts.
     *
     * @param things the things that are told, the most important first
     * @param share the maximum number of bytes
     * @param format makes the text of a thing; it is not called any more after the first text that does not fit
     */
    <T> Fit take(List<T> things, long share, Function<T, String> format) {
        List<String> texts = new ArrayList<>();
        long free = Math.min(share, left);
        for (T thing : things) {
            String text = format.apply(thing);
            int bytes = text.getBytes(UTF_8).length + SEPARATOR;
            if (bytes > free) {
                break;
            }
            free -= bytes;
            left -= bytes;
            texts.add(text);
        }
        return new Fit(texts, things.size() - texts.size());
    }
}
