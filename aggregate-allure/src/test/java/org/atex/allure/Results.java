package org.atex.allure;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads a directory of results without Allure. */
final class Results {
    private static final JsonMapper JSON = new JsonMapper();

    private Results() {}

    /** {@return all results, by name and start} */
    static List<JsonNode> read(Path directory) throws IOException {
        List<JsonNode> results = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*-result.json")) {
            for (Path file : files) {
                results.add(json(file));
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        results.sort(Comparator.<JsonNode, String>comparing(result -> text(result, "name"))
                .thenComparing(result -> result.path("start").asLong(0)));
        return results;
    }

    static JsonNode json(Path file) throws IOException {
        return JSON.readTree(Files.readString(file));
    }

    /** {@return the only result} */
    static JsonNode one(Path directory) throws IOException {
        List<JsonNode> results = read(directory);
        if (results.size() != 1) {
            throw new AssertionError("expected one result, not " + results);
        }
        return results.getFirst();
    }

    static List<String> names(Path directory) throws IOException {
        return read(directory).stream().map(result -> text(result, "name")).toList();
    }

    static String text(JsonNode node, String key) {
        return node.path(key).asString("");
    }

    static String message(JsonNode result) {
        return text(result.path("statusDetails"), "message");
    }

    static String trace(JsonNode result) {
        return text(result.path("statusDetails"), "trace");
    }

    /** {@return the values of a list of objects as {@code name=value}} */
    static List<String> pairs(JsonNode list) {
        return list.valueStream()
                .map(pair -> text(pair, "name") + "=" + text(pair, "value"))
                .toList();
    }

    /** {@return the names of attachments} */
    static List<String> attachments(JsonNode node) {
        return node.path("attachments")
                .valueStream()
                .map(attachment -> text(attachment, "name"))
                .toList();
    }

    /** {@return the content of the attachment with this name} */
    static String content(Path directory, JsonNode node, String name) throws IOException {
        for (JsonNode attachment : node.path("attachments")) {
            if (text(attachment, "name").equals(name)) {
                return Files.readString(directory.resolve(text(attachment, "source")));
            }
        }
        throw new AssertionError("there is no attachment " + name + " in " + node);
    }

    /** {@return the names of all files in the directory} */
    static List<String> files(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        }
        return names;
    }
}
