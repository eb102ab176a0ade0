package org.atex.ctrf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.lab.Npm;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads a report. */
final class Report {
    private static final JsonMapper JSON = new JsonMapper();

    private final JsonNode root;

    private Report(JsonNode root) {
        this.root = root;
    }

    static Report read(Path file) throws IOException {
        return new Report(JSON.readTree(Files.readString(file)));
    }

    /** Validates a file with the schema of the format. */
    static void validate(Path file) throws IOException, InterruptedException {
        Npm.Output output = Npm.install("ctrf", "0.3.0").run("ctrf", "validate-strict", file.toString());
        assertThat(output.exitCode()).as(output.text()).isZero();
    }

    JsonNode summary() {
        return root.path("results").path("summary");
    }

    JsonNode environment() {
        return root.path("results").path("environment");
    }

    List<JsonNode> tests() {
        List<JsonNode> tests = new ArrayList<>();
        root.path("results").path("tests").forEach(tests::add);
        return tests;
    }

    JsonNode test(String name) {
        List<JsonNode> found = tests().stream()
                .filter(test -> test.path("name").asString("").equals(name))
                .toList();
        assertThat(found).as("entries of %s", name).hasSize(1);
        return found.getFirst();
    }

    List<String> names() {
        return tests().stream().map(test -> test.path("name").asString("")).toList();
    }
}
