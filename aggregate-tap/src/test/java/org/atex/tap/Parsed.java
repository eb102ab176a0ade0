package org.atex.tap;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.lab.Npm;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A report that the npm package {@code tap-parser} has read, which understands version 14. */
final class Parsed {
    private static final JsonMapper JSON = new JsonMapper();

    private final List<JsonNode> events = new ArrayList<>();
    private final boolean isAccepted;

    private Parsed(boolean isAccepted, JsonNode events) {
        this.isAccepted = isAccepted;
        events.forEach(this.events::add);
    }

    static Parsed read(Path file) throws IOException, InterruptedException {
        Npm.Output output = Npm.install("tap-parser", "18.3.4").read(file, "tap-parser", "--json", "--strict");
        return new Parsed(output.exitCode() == 0, JSON.readTree(output.text()));
    }

    /** {@return whether the exit code of the parser says that the run is good} */
    boolean isAccepted() {
        return isAccepted;
    }

    private static @Nullable JsonNode value(JsonNode event, String type) {
        return event.path(0).asString("").equals(type) ? event.path(1) : null;
    }

    /** {@return the test points of the top level} */
    List<JsonNode> points() {
        return values("assert");
    }

    JsonNode point(String name) {
        return points().stream()
                .filter(point -> point.path("name").asString("").equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no point " + name + " in " + events));
    }

    /** {@return the test points of the subtest of a test} */
    List<JsonNode> parts(String name) {
        for (JsonNode event : events) {
            JsonNode child = value(event, "child");
            // A child is an array of events, of which the first is its comment.
            if (child == null && event.path(0).asString("").equals("child")) {
                throw new AssertionError("unexpected child " + event);
            }
            if (child != null && child.toString().contains("# Subtest: " + name)) {
                List<JsonNode> points = new ArrayList<>();
                child.forEach(inner -> {
                    JsonNode point = value(inner, "assert");
                    if (point != null) {
                        points.add(point);
                    }
                });
                return points;
            }
        }
        throw new AssertionError("there is no subtest " + name + " in " + events);
    }

    JsonNode results() {
        return values("complete").getFirst();
    }

    /** {@return the parts of the stream that are no TAP, and errors} */
    List<JsonNode> problems() {
        List<JsonNode> problems = new ArrayList<>(values("extra"));
        results().path("failures").forEach(failure -> {
            if (failure.has("tapError") && !failure.path("tapError").isNull()) {
                problems.add(failure);
            }
        });
        return problems;
    }

    private List<JsonNode> values(String type) {
        List<JsonNode> values = new ArrayList<>();
        for (JsonNode event : events) {
            JsonNode value = value(event, type);
            if (value != null) {
                values.add(value);
            }
        }
        return values;
    }
}
