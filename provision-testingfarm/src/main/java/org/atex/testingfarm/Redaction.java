package org.atex.testingfarm;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Keeps secrets, and characters that play tricks with terminals, out of what people read. Immutable. */
final class Redaction {
    private static final int SHORTEST_SECRET = 4;

    private final List<String> secrets;

    /** Texts shorter than four characters are left alone: they would be found everywhere. */
    Redaction(Collection<String> secrets) {
        this.secrets = secrets.stream()
                .filter(secret -> secret.length() >= SHORTEST_SECRET)
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    /** {@return a text without secrets, on one line} */
    String clean(String text) {
        String clean = plain(text);
        for (String secret : secrets) {
            clean = clean.replace(secret, "(hidden)");
        }
        return clean;
    }

    /** {@return a text on one line, without colours and other control characters} */
    static String plain(String text) {
        return text.replaceAll("\u001b\\[[0-9;?]*[ -/]*[@-~]", "")
                .replaceAll("\\s+", " ")
                .replaceAll("\\p{Cntrl}", "")
                .strip();
    }
}
