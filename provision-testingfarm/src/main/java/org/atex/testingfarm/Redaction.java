package org.atex.testingfarm;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Removes secrets and control characters, such as those that affect terminals, from texts for people. Immutable. */
final class Redaction {
    private static final int MIN_SECRET_LENGTH = 4;

    private final List<String> secrets;

    /** Ignores secrets of less than four characters, because they would match parts of ordinary words. */
    Redaction(Collection<String> secrets) {
        this.secrets = secrets.stream()
                .filter(secret -> secret.length() >= MIN_SECRET_LENGTH)
                .distinct()
                // The longest first: a secret may contain another one.
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    /** {@return the text on one line, with the secrets replaced} */
    String redact(String text) {
        String clean = singleLine(text);
        for (String secret : secrets) {
            clean = clean.replace(secret, "(hidden)");
        }
        return clean;
    }

    /** {@return the text on one line, without colour codes and other control characters} */
    static String singleLine(String text) {
        return text.replaceAll("\u001b\\[[0-9;?]*[ -/]*[@-~]", "")
                .replaceAll("\\s+", " ")
                .replaceAll("\\p{Cntrl}", "")
                .strip();
    }
}
