package org.atex.all;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Counts patterns that make Javadoc, comments and Markdown hard to read: relative clauses in place of nouns, and negated or
 * unspecific persons. {@code CONTRIBUTING.md} says how to write instead.
 */
class ProseTest {
    /** Each pattern, and how often it may occur in 1,000 words of a module. */
    private static final Map<Pattern, Double> LIMITS = new LinkedHashMap<>();

    static {
        LIMITS.put(Pattern.compile("\\b(who|whoever|whom)\\b", Pattern.CASE_INSENSITIVE), 1.0);
        LIMITS.put(Pattern.compile("\\b(nobody|somebody|anybody|everybody)\\b", Pattern.CASE_INSENSITIVE), 0.2);
        LIMITS.put(Pattern.compile("\\b(what|whatever|wherever)\\b", Pattern.CASE_INSENSITIVE), 2.0);
        LIMITS.put(
                Pattern.compile("\\bfor ever\\b|\\{@return nowhere|\\bas good as none\\b", Pattern.CASE_INSENSITIVE),
                0.0);
    }

    private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/|(?<![:\"'])//[^\n]*", Pattern.DOTALL);
    private static final Pattern FENCE = Pattern.compile("```.*?```", Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("[A-Za-z]+");

    private static String prose(Path file) throws IOException {
        String text = Files.readString(file);
        return file.toString().endsWith(".md")
                ? FENCE.matcher(text).replaceAll("")
                : String.join(
                        "\n",
                        COMMENT.matcher(text).results().map(MatchResult::group).toList());
    }

    private static Map<String, String> proseOfModules() throws IOException {
        Map<String, StringBuilder> found = new TreeMap<>();
        for (Path file : Stream.concat(Sources.java().stream(), Sources.files(".md").stream())
                .toList()) {
            Path relative = Sources.root().relativize(file);
            // This test has the patterns in it.
            if (!file.endsWith("ProseTest.java")) {
                String module =
                        relative.getNameCount() > 1 ? relative.getName(0).toString() : "top";
                found.computeIfAbsent(module, m -> new StringBuilder())
                        .append(prose(file))
                        .append('\n');
            }
        }
        Map<String, String> prose = new TreeMap<>();
        found.forEach((module, text) -> prose.put(module, text.toString()));
        return prose;
    }

    @Test
    void proseIsPlain() throws IOException {
        List<String> tooMany = new ArrayList<>();
        proseOfModules().forEach((module, text) -> {
            long words = WORD.matcher(text).results().count();
            LIMITS.forEach((pattern, limit) -> {
                List<String> hits = pattern.matcher(text)
                        .results()
                        .map(hit -> text.substring(
                                        Math.max(0, hit.start() - 30), Math.min(text.length(), hit.end() + 30))
                                .replaceAll("\\s+", " "))
                        .toList();
                if (hits.size() > Math.ceil(limit * words / 1000)) {
                    tooMany.add(module + ": " + hits.size() + " in " + words + " words match " + pattern + ", " + limit
                            + " in 1000 are allowed: " + hits.stream().limit(10).toList());
                }
            });
        });
        assertThat(tooMany).as("CONTRIBUTING.md has the rules for prose").isEmpty();
    }
}
