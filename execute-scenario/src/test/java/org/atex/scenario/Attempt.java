package org.atex.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.Artifacts;
import org.atex.api.Connection;
import org.atex.api.Executor;
import org.atex.api.ReportedResult;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.artifacts.ResultReader;
import org.atex.local.LocalConnection;
import org.jspecify.annotations.Nullable;

/** An attempt at a scenario: its end and its artifacts. */
record Attempt(TestEnd end, Artifacts artifacts) {
    /** Runs a scenario on this machine. */
    static Attempt local(TestCase test, Path directory) throws Exception {
        try (LocalConnection connection = LocalConnection.open()) {
            return on(connection, test, directory);
        }
    }

    static Attempt on(Connection connection, TestCase test, Path directory) throws Exception {
        Artifacts into = Artifacts.at(Files.createTempDirectory(directory, "artifacts"));
        try (Executor executor = ScenarioExecutor.factory().open(connection)) {
            return new Attempt(executor.run(test, into), into);
        }
    }

    List<ReportedResult> results() throws IOException {
        return results(artifacts);
    }

    static List<ReportedResult> results(Artifacts artifacts) throws IOException {
        List<ReportedResult> results = new ArrayList<>();
        try (ResultReader reader = ResultReader.of(artifacts)) {
            for (ReportedResult result = reader.next(); result != null; result = reader.next()) {
                results.add(result);
            }
        }
        return results;
    }

    /** {@return the only part of a name} */
    ReportedResult part(String name) throws IOException {
        List<ReportedResult> parts =
                results().stream().filter(result -> name.equals(result.name())).toList();
        if (parts.size() != 1) {
            throw new AssertionError("expected one part " + name + ", but the results are " + results());
        }
        return parts.getFirst();
    }

    /** {@return the names of all parts} */
    List<@Nullable String> parts() throws IOException {
        List<@Nullable String> names = new ArrayList<>();
        for (ReportedResult result : results()) {
            names.add(result.name());
        }
        return names;
    }

    /** {@return a count in the part of an event} */
    long count(String event, String key) throws IOException {
        Map<String, @Nullable Object> more = part(event).more();
        return more.get(key) instanceof Number number ? number.longValue() : -1;
    }

    String file(String name) throws IOException {
        return Files.readString(artifacts.files().resolve(name));
    }
}
