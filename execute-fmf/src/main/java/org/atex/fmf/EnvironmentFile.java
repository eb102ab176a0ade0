package org.atex.fmf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/**
 * Reads files of environment variables: YAML mappings if the name ends in {@code .yaml} or {@code .yml}, otherwise
 * lines of {@code NAME=value} with the quotes of shells.
 */
final class EnvironmentFile {
    private static final long MAX_SIZE = 10_000_000;

    private EnvironmentFile() {}

    /**
     * {@return the variables of a file, in its order}
     *
     * @param file the file, at most 10 MB
     * @throws FmfException if the file cannot be read or has a syntax error
     */
    static Map<String, String> read(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".yaml") && !name.endsWith(".yml")) {
            return dotenv(file, text(file));
        }
        Map<String, ?> data = FmfTree.ofFile(file).root().data();
        if (data.isEmpty()) {
            return Map.of();
        }
        try {
            // Values are converted to text like those of the key environment.
            return FmfTree.of(Map.of("environment", data)).root().textMap("environment");
        } catch (FmfException e) {
            throw wrong(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static String text(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw wrong(file, Files.exists(file) ? "it is not a regular file" : "it does not exist", null);
            }
            if (Files.size(file) > MAX_SIZE) {
                throw wrong(file, "it is larger than " + MAX_SIZE + " bytes", null);
            }
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw wrong(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static FmfException wrong(Path file, String reason, @Nullable Throwable cause) {
        return new FmfException(
                FmfException.Kind.FILE, "cannot read variables from the file " + file + ": " + reason, cause);
    }

    private static Map<String, String> dotenv(Path file, String text) {
        Map<String, String> variables = new LinkedHashMap<>();
        for (String word : new ShellWords(file, text).split()) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                throw wrong(file, "'" + word + "' does not have the form NAME=value", null);
            }
            variables.put(word.substring(0, equals), word.substring(equals + 1));
        }
        return variables;
    }

    /**
     * Splits text into words with the quotes of a POSIX shell. A {@code #} begins a comment, also inside a word;
     * nothing is expanded. For one thread.
     */
    private static final class ShellWords {
        private final Path file;
        private final String text;
        private final List<String> words = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();
        private boolean inWord;
        private int position;

        ShellWords(Path file, String text) {
            this.file = file;
            this.text = text;
        }

        List<String> split() {
            while (position < text.length()) {
                char c = text.charAt(position++);
                switch (c) {
                    case ' ', '\t', '\r', '\n' -> endWord();
                    case '#' -> {
                        if (inWord) {
                            endWord();
                        }
                        skipLine();
                    }
                    case '\'' -> readQuoted('\'');
                    case '"' -> readQuoted('"');
                    case '\\' -> {
                        inWord = true;
                        if (position == text.length()) {
                            throw wrong(file, "it ends with a backslash", null);
                        }
                        word.append(text.charAt(position++));
                    }
                    default -> {
                        inWord = true;
                        word.append(c);
                    }
                }
            }
            endWord();
            return words;
        }

        private void skipLine() {
            int lineEnd = text.indexOf('\n', position);
            position = lineEnd < 0 ? text.length() : lineEnd;
        }

        private void endWord() {
            if (inWord) {
                words.add(word.toString());
            }
            word.setLength(0);
            inWord = false;
        }

        private void readQuoted(char quote) {
            inWord = true;
            while (position < text.length()) {
                char c = text.charAt(position++);
                if (c == quote) {
                    return;
                }
                // Inside double quotes, a backslash escapes only a quote or a backslash.
                boolean escaped = quote == '"'
                        && c == '\\'
                        && position < text.length()
                        && "\"\\".indexOf(text.charAt(position)) >= 0;
                word.append(escaped ? text.charAt(position++) : c);
            }
            throw wrong(file, "a quote " + quote + " is not closed", null);
        }
    }
}
