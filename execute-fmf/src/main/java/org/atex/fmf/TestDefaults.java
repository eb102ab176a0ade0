package org.atex.fmf;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.atex.fmf.tree.FmfNode;
import org.jspecify.annotations.Nullable;

/**
 * The default values of test keys, in the text form that filters compare. They are those of tmt, with Python's texts:
 * {@code None}, {@code False}.
 */
final class TestDefaults {
    private static final Map<String, List<String>> VALUES = values();

    private static Map<String, List<String>> values() {
        Map<String, List<String>> values = new HashMap<>();
        for (String key : List.of("summary", "description", "id", "tier")) {
            values.put(key, List.of("None"));
        }
        for (String key : List.of(
                "author",
                "contact",
                "link",
                "tag",
                "component",
                "require",
                "recommend",
                "where",
                "check",
                "restart-on-exit-code")) {
            values.put(key, List.of());
        }
        // The text of Python, and that of YAML.
        for (String key : List.of("manual", "tty", "restart-with-reboot")) {
            values.put(key, List.of("False", "false"));
        }
        values.put("enabled", List.of("True", "true"));
        values.put("order", List.of("50"));
        values.put("framework", List.of("shell"));
        values.put("environment", List.of("{}"));
        values.put("duration", List.of("5m"));
        values.put("result", List.of("respect"));
        values.put("restart-max-count", List.of("1"));
        return Map.copyOf(values);
    }

    private TestDefaults() {}

    /** {@return the default texts of a key of a test that is defined in a plan, or null if the key has no default} */
    static @Nullable List<String> of(String name, String key) {
        return switch (key) {
            case "name" -> List.of(name);
            case "path" -> List.of("/");
            case "sources" -> List.of();
            default -> VALUES.get(key);
        };
    }

    /** {@return the default texts of a key, or null if the key has no default} */
    static @Nullable List<String> of(FmfNode test, Path root, String key) {
        return switch (key) {
            case "name" -> List.of(test.name());
            case "path" ->
                List.of("/"
                        + test.directory()
                                .map(directory -> root.relativize(directory).toString())
                                .orElse(""));
            case "sources" -> test.sources().stream().map(Path::toString).toList();
            default -> VALUES.get(key);
        };
    }
}
