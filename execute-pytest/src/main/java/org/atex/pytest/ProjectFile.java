package org.atex.pytest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/** Reads a project file of pytest_mproc. Not thread-safe. */
final class ProjectFile {
    private static final int MAX_BYTES = 1 << 20;

    /** The sample in the documentation of pytest_mproc has a comma after the last value. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
            .build();

    private static final String KEYS = "the keys are project_name, test_files, prepare_script and finalize_script";

    /** Keys of other versions of pytest_mproc, with their replacements. */
    private static final Map<String, String> OTHER_VERSIONS = Map.of(
            "artifacts_path", "remove it: each test has a directory for its artifacts",
            "tests_path", "add its files to test_files",
            "src_paths", "add the files to test_files",
            "resource_paths", "add the files to test_files",
            "requirements_paths", "add one requirements.txt to test_files",
            "pure_requirements_paths", "add one requirements.txt to test_files");

    private final Path file;
    private final ProjectFiles root;
    private final JsonParser json;
    private long line = 1;
    private @Nullable String name;
    private final TreeSet<String> files = new TreeSet<>();
    private @Nullable String prepareScript;
    private @Nullable String finalizeScript;

    private ProjectFile(Path file, ProjectFiles root, JsonParser json) {
        this.file = file;
        this.root = root;
        this.json = json;
    }

    static PytestProject read(Path file) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            throw new PytestException(
                    "could not read the project file " + file + ": " + e + "; give the path of the file", e);
        }
        if (bytes.length > MAX_BYTES) {
            throw new PytestException(
                    "could not read the project file " + file + ": it is larger than 1 MiB; give a project file of"
                            + " pytest_mproc",
                    null);
        }
        ProjectFiles root = ProjectFiles.in(file.toAbsolutePath().resolveSibling(""));
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), bytes)) {
            return new ProjectFile(file, root, json).read();
        } catch (JacksonException e) {
            throw new PytestException(
                    "could not read the project file " + file + ", line "
                            + e.getLocation().getLineNr() + ": it is not valid JSON: " + e.getOriginalMessage()
                            + "; write one JSON object",
                    e);
        }
    }

    private PytestProject read() {
        if (next() != JsonToken.START_OBJECT) {
            throw refused("it does not consist of one JSON object; write {\"project_name\": …, \"test_files\": […]}");
        }
        while (next() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            next();
            read(key);
        }
        if (next() != null) {
            throw refused("text follows after the JSON object; remove it");
        }
        if (name == null) {
            throw refused("the key project_name is missing; add a name for messages");
        }
        if (files.isEmpty()) {
            throw refused("the key test_files is missing; add a list of globs, for example [\"tests/**\"]");
        }
        return new PytestProject(
                name, root, List.copyOf(files), prepareScript, finalizeScript, PytestProject.requirementsOf(files));
    }

    private @Nullable JsonToken next() {
        JsonToken token = json.nextToken();
        line = token == null
                ? json.currentLocation().getLineNr()
                : json.currentTokenLocation().getLineNr();
        return token;
    }

    private void read(String key) {
        switch (key) {
            case "project_name" -> {
                name = string(key);
                if (name.isBlank()) {
                    throw refused("the value of project_name is blank; give a name for messages");
                }
            }
            case "test_files" -> readGlobs(key);
            case "prepare_script" -> prepareScript = script(key);
            case "finalize_script" -> finalizeScript = script(key);
            default -> {
                String instead = OTHER_VERSIONS.get(key);
                throw refused("the key '" + shown(key) + "' is "
                        + (instead == null ? "unknown; " + KEYS : "of another version of pytest_mproc; " + instead));
            }
        }
    }

    private void readGlobs(String key) {
        List<String> globs = new ArrayList<>();
        if (json.currentToken() == JsonToken.START_ARRAY) {
            while (next() != JsonToken.END_ARRAY) {
                globs.add(string(key));
                addFiles(key, globs.getLast());
            }
        } else {
            globs.add(string(key));
            addFiles(key, globs.getLast());
        }
        if (globs.isEmpty()) {
            throw refused("the list test_files is empty; add globs, for example \"tests/**\"");
        }
    }

    private void addFiles(String key, String glob) {
        try {
            files.addAll(root.matching(glob));
        } catch (ProjectFiles.RefusedException e) {
            throw refused(key + ": " + e.getMessage());
        }
    }

    private String script(String key) {
        try {
            return root.script(string(key));
        } catch (ProjectFiles.RefusedException e) {
            throw refused(key + ": " + e.getMessage());
        }
    }

    private String string(String key) {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw refused("the value of " + key + " is "
                    + switch (json.currentToken()) {
                        case START_OBJECT -> "an object";
                        case START_ARRAY -> "an array";
                        case VALUE_NULL -> "null";
                        default -> shown(json.getString());
                    }
                    + "; write a text in quotes" + (key.equals("test_files") ? ", or a list of such texts" : ""));
        }
        return json.getString();
    }

    private static String shown(String text) {
        return text.length() > 80 ? text.substring(0, 80) + "…" : text;
    }

    private PytestException refused(String why) {
        return new PytestException("could not read the project file " + file + ", line " + line + ": " + why, null);
    }
}
