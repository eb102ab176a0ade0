package org.atex.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a command reads from its standard input. Immutable. */
public sealed interface Input {
    /** {@return an input that is at its end from the start: the default} */
    static Input empty() {
        return Empty.EMPTY;
    }

    /**
     * {@return these bytes}
     *
     * @param bytes what the command reads; copied
     */
    static Input bytes(byte[] bytes) {
        return new Bytes(bytes.clone());
    }

    /**
     * {@return this text, as UTF-8}
     *
     * @param text what the command reads
     */
    static Input text(String text) {
        return new Bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * {@return the bytes of a file}
     *
     * @param path a file of this machine
     */
    static Input file(Path path) {
        return new FromFile(path);
    }

    /** {@return whatever the caller writes to {@link RunningCommand#stdin()}} */
    static Input pipe() {
        return Piped.PIPED;
    }

    /** Nothing. */
    enum Empty implements Input {
        /** The only one. */
        EMPTY
    }

    /** What the caller writes while the command runs. */
    enum Piped implements Input {
        /** The only one. */
        PIPED
    }

    /**
     * A file of this machine.
     *
     * @param path where it is
     */
    record FromFile(Path path) implements Input {
        /**
         * {@return a stream of its bytes}
         *
         * @throws IOException if it cannot be opened
         */
        public InputStream open() throws IOException {
            return Files.newInputStream(path);
        }
    }

    /** Bytes known beforehand. */
    final class Bytes implements Input {
        private final byte[] content;

        private Bytes(byte[] content) {
            this.content = content;
        }

        /** {@return a stream of them} */
        public ByteArrayInputStream open() {
            return new ByteArrayInputStream(content);
        }

        @Override
        public String toString() {
            return "Bytes[" + content.length + "]";
        }
    }
}
