package org.atex.fmf.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares regular expressions with the results of Python 3.11, in {@code regex.json}. */
class PyRegexTest {
    static Stream<Arguments> matchesLikePython() throws URISyntaxException {
        var table = Path.of(Objects.requireNonNull(PyRegexTest.class.getResource("regex.json"))
                .toURI());
        return ((List<?>) Objects.requireNonNull(Json.read(table))).stream().map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource
    void matchesLikePython(Map<String, @Nullable Object> row) {
        var text = (String) Objects.requireNonNull(row.get("text"));
        if (row.containsKey("error")) {
            assertThatThrownBy(() -> apply(row, text)).isInstanceOf(FmfException.class);
        } else {
            apply(row, text);
        }
    }

    private static void apply(Map<String, @Nullable Object> row, String text) {
        var regex = PyRegex.compile((String) Objects.requireNonNull(row.get("pattern")));
        if (row.get("replacement") instanceof String replacement) {
            assertThat(regex.replaceAll(text, replacement)).isEqualTo(row.get("result"));
        } else {
            assertThat(regex.find(text)).isEqualTo(row.get("search"));
            assertThat(regex.matchesStart(text)).isEqualTo(row.get("match"));
        }
    }

    @Test
    void invalidExpressionIsShownWithACaret() {
        assertThatThrownBy(() -> PyRegex.compile("a(b"))
                .isInstanceOf(FmfException.class)
                .hasMessage("Invalid regular expression, missing ), unterminated subpattern:\n  a(b\n     ^");
    }

    @Test
    void catastrophicBacktrackingFails() {
        var regex = PyRegex.compile("(a*)(a*)(a*)(a*)(a*)\\1b");
        assertThatThrownBy(() -> regex.find("a".repeat(200) + "!"))
                .isInstanceOfSatisfying(
                        FmfException.class, e -> assertThat(e.kind()).isEqualTo(FmfException.Kind.LIMIT));
    }

    @Test
    void stackOverflowOfTheMatcherIsReported() {
        var regex = PyRegex.compile("(?:a|b)*c");
        assertThatThrownBy(() -> regex.find("ab".repeat(1_000_000)))
                .isInstanceOfSatisfying(
                        FmfException.class, e -> assertThat(e.kind()).isEqualTo(FmfException.Kind.LIMIT));
    }
}
