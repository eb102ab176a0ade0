package org.atex.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The standard input of a command. The default is {@link #empty()}. Immutable. */
public sealed interface Input {
    /** {@return an empty input, the default} */
    static Input empty() {
        return Empty.EMPTY;
    }

    /**
     * {@return an input of these bytes}
     *
     * @param bytes the bytes; copied
     */
    static Input bytes(byte[] bytes) {
        return new Bytes(bytes.clone());
    }

    /**
     * {@return an input of this text, encoded as UTF-8}
     *
     * @param text the text
     */
    static Input text(String text) {
        return new Bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * {@return an input of the content of a local file, which is opened when the command starts}
     *
     * @param path a local file
     */
    static Input file(Path path) {
        return new FromFile(path);
    }

    /** {@return an input that the caller writes to {@link RunningCommand#stdin()} while the command runs} */
    static Input pipe() {
        return Piped.PIPED;
    }

    /** An empty input. */
    enum Empty implements Input {
        /** The only value. */
        EMPTY
    }

    /** An input that the caller writes while the command runs. */
    enum Piped implements Input {
        /** The only value. */
        PIPED
    }

    /**
     * An input from a local file.
     *
     * @param path the path of the file
     */
    record FromFile(Path path) implements Input {
        /**
         * {@return a new stream of the content of the file}
         *
         * @throws IOException if the file cannot be opened
         */
        public InputStream open() throws IOException {
            return Files.newInputStream(path);
        }
    }

    /** An input of bytes in memory. */
    final class Bytes implements Input {
        private final byte[] content;

        private Bytes(byte[] content) {
            this.content = content;
        }

        /** {@return a new stream of the bytes} */
        public ByteArrayInputStream open() {
            return new ByteArrayInputStream(content);
        }

        @Override
        public String toString() {
            return "Bytes[" + content.length + "]";
        }
    }
}
