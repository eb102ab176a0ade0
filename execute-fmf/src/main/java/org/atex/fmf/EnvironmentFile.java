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

/** Reads variables from files: YAML mappings, and lines of {@code NAME=value} as shells write them. */
final class EnvironmentFile {
    private static final long MAX_SIZE = 10_000_000;

    private EnvironmentFile() {}

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
            return FmfTree.of(Map.of("environment", data)).root().textMap("environment");
        } catch (FmfException e) {
            throw wrong(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static String text(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw wrong(file, Files.exists(file) ? "it is no file" : "there is no such file", null);
            }
            if (Files.size(file) > MAX_SIZE) {
                throw wrong(file, "it is larger than " + MAX_SIZE + " bytes", null);
            }
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw wrong(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static FmfException wrong(Path file, String what, @Nullable Throwable cause) {
        return new FmfException(
                FmfException.Kind.FILE, "cannot read variables from the file " + file + ": " + what, cause);
    }

    private static Map<String, String> dotenv(Path file, String text) {
        Map<String, String> variables = new LinkedHashMap<>();
        for (String word : new ShellWords(file, text).all()) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                throw wrong(file, "'" + word + "' is not written as NAME=value", null);
            }
            variables.put(word.substring(0, equals), word.substring(equals + 1));
        }
        return variables;
    }

    /** Splits text into words as a POSIX shell does, with comments, and no expansion. */
    private static final class ShellWords {
        private final Path file;
        private final String text;
        private final List<String> words = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();
        private boolean inWord;
        private int at;

        ShellWords(Path file, String text) {
            this.file = file;
            this.text = text;
        }

        List<String> all() {
            while (at < text.length()) {
                char c = text.charAt(at++);
                switch (c) {
                    case ' ', '\t', '\r', '\n' -> end();
                    case '#' -> {
                        if (inWord) {
                            end();
                        }
                        skipLine();
                    }
                    case '\'' -> quoted('\'');
                    case '"' -> quoted('"');
                    case '\\' -> {
                        inWord = true;
                        if (at == text.length()) {
                            throw wrong(file, "it ends with a backslash", null);
                        }
                        word.append(text.charAt(at++));
                    }
                    default -> {
                        inWord = true;
                        word.append(c);
                    }
                }
            }
            end();
            return words;
        }

        private void skipLine() {
            int end = text.indexOf('\n', at);
            at = end < 0 ? text.length() : end;
        }

        private void end() {
            if (inWord) {
                words.add(word.toString());
            }
            word.setLength(0);
            inWord = false;
        }

        private void quoted(char quote) {
            inWord = true;
            while (at < text.length()) {
                char c = text.charAt(at++);
                if (c == quote) {
                    return;
                }
                boolean escaped =
                        quote == '"' && c == '\\' && at < text.length() && "\"\\".indexOf(text.charAt(at)) >= 0;
                word.append(escaped ? text.charAt(at++) : c);
            }
            throw wrong(file, "a quote " + quote + " is not closed", null);
        }
    }
}
