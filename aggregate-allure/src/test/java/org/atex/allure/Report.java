package org.atex.allure;

import static org.assertj.core.api.Assertions.assertThat;

import io.qameta.allure.ConfigurationBuilder;
import io.qameta.allure.ReportGenerator;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A report that Allure 2 generated, and the data in it. */
final class Report {
    private final Path directory;
    private final List<JsonNode> cases = new ArrayList<>();

    private Report(Path directory) {
        this.directory = directory;
    }

    /**
     * {@return a report of results}
     *
     * @param report a directory that does not exist
     */
    static Report generate(Path results, Path report) throws IOException {
        new ReportGenerator(ConfigurationBuilder.bundled().build()).generate(report, results);
        Report generated = new Report(report);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(report.resolve("data/test-cases"), "*.json")) {
            for (Path file : files) {
                generated.cases.add(Results.json(file));
            }
        }
        return generated;
    }

    /** {@return all results, including earlier attempts} */
    List<JsonNode> cases() {
        return cases;
    }

    /** {@return the result of a test that the report shows, as opposed to retries} */
    JsonNode shown(String name) {
        List<JsonNode> found = cases.stream()
                .filter(one -> Results.text(one, "name").equals(name))
                .filter(one -> !one.path("hidden").asBoolean())
                .toList();
        assertThat(found).as("results of %s that are shown", name).hasSize(1);
        return found.getFirst();
    }

    /** {@return the messages of the earlier attempts at a test, the latest one first} */
    List<String> retries(String name) {
        return shown(name)
                .path("extra")
                .path("retries")
                .valueStream()
                .map(retry -> Results.text(retry, "status") + ": " + Results.text(retry, "statusDetails"))
                .toList();
    }

    JsonNode widget(String name) throws IOException {
        return Results.json(directory.resolve("widgets").resolve(name + ".json"));
    }

    JsonNode data(String name) throws IOException {
        return Results.json(directory.resolve("data").resolve(name + ".json"));
    }

    /** {@return the content of an attachment of a stage or a step} */
    String content(JsonNode node, String name) throws IOException {
        for (JsonNode attachment : node.path("attachments")) {
            if (Results.text(attachment, "name").equals(name)) {
                return Files.readString(
                        directory.resolve("data/attachments").resolve(Results.text(attachment, "source")));
            }
        }
        throw new AssertionError("there is no attachment " + name + " in " + node);
    }
}
