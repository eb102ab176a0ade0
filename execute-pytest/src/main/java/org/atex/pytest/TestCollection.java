package org.atex.pytest;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.api.Artifacts;
import org.atex.api.TestCase;
import org.atex.api.TestSource;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Collects the tests of a project with pytest. A plugin writes them as JSON, since node ids may contain newlines. */
final class TestCollection {
    /** Runs pytest with the plugin whose source is the first argument. */
    private static final String WITH_PLUGIN = """
            import sys, types, pytest
            plugin = types.ModuleType("atex_collect")
            exec(sys.argv.pop(1), plugin.__dict__)
            sys.exit(pytest.main(sys.argv[1:], plugins=[plugin]))
            """;

    private static final String COLLECTED = "collected.jsonl";
    private static final JsonFactory JSON = new JsonFactory();

    private TestCollection() {}

    static List<PytestTest> of(PytestProject project, PreparedProject prepared, List<String> targets)
            throws InterruptedException {
        try {
            Path here = Files.createTempDirectory("atex-pytest");
            try {
                return collected(project, prepared, targets, here);
            } finally {
                Artifacts.at(here).delete();
            }
        } catch (IOException e) {
            throw failed(project, "its list could not be stored on this machine: " + e, e);
        }
    }

    private static List<PytestTest> collected(
            PytestProject project, PreparedProject prepared, List<String> targets, Path here)
            throws IOException, InterruptedException {
        String place = prepared.place("collection");
        List<String> arguments = new ArrayList<>(List.of(
                "-c", WITH_PLUGIN, TestFiles.resource("atex_collect.py"), "-q", "-o", "cache_dir=" + place + "/cache"));
        arguments.addAll(prepared.pytestOptions());
        arguments.add("--collect-only");
        targets.forEach(target -> arguments.add(PytestExecutor.argument(target)));
        Step step = Step.run(
                prepared.connection(),
                prepared.command(place, Map.of("ATEX_COLLECTED", place + "/" + COLLECTED), arguments),
                prepared.options().prepareWithin());
        if (!step.succeeded()) {
            throw failed(project, "pytest " + step.describe(), null);
        }
        Path file = here.resolve(COLLECTED);
        TestFiles.Found found = new TestFiles(prepared, place).fetch(COLLECTED, file);
        if (found.missing() != null) {
            throw failed(project, "the list that pytest wrote is not usable: " + found.missing(), null);
        }
        return List.copyOf(read(project, file));
    }

    private static PytestException failed(PytestProject project, String why, @Nullable Throwable cause) {
        return new PytestException("could not collect the tests of " + project + ": " + why, cause);
    }

    /** A test can be listed several times, for example with --keep-duplicates. {@return each test once} */
    private static Set<PytestTest> read(PytestProject project, Path file) throws IOException {
        Set<PytestTest> tests = new LinkedHashSet<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(new FileInputStream(file.toFile()), StandardCharsets.UTF_8))) {
            for (String line; (line = lines.readLine()) != null; ) {
                tests.add(test(line));
            }
        } catch (JacksonException | IllegalArgumentException e) {
            throw failed(project, "the list that pytest wrote is malformed: " + e.getMessage(), e);
        }
        return tests;
    }

    private static PytestTest test(String line) {
        Map<String, String> texts = new LinkedHashMap<>();
        Set<String> marks = new LinkedHashSet<>();
        int number = 0;
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), line)) {
            json.nextToken();
            for (String key = json.nextName(); key != null; key = json.nextName()) {
                switch (json.nextToken()) {
                    case START_ARRAY -> {
                        while (json.nextToken() == JsonToken.VALUE_STRING) {
                            marks.add(json.getString());
                        }
                    }
                    case VALUE_NUMBER_INT -> number = json.getIntValue();
                    default -> texts.put(key, json.getString());
                }
            }
        }
        String id = texts.getOrDefault("id", "");
        TestSource source = new TestSource(texts.getOrDefault("file", ""), number);
        return new PytestTest(TestCase.named(id).withSource(source).withTags(marks), id, List.of());
    }
}
