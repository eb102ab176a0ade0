package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Reads the bash scripts of this module. */
final class Scripts {
    private Scripts() {}

    /** {@return the text of a script} */
    static String read(String file) {
        try (InputStream script = Scripts.class.getResourceAsStream(file)) {
            if (script == null) {
                throw new IllegalStateException(
                        file + " is missing next to the classes of provision-podman (was the jar repackaged?)");
            }
            return new String(script.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
