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

/**
 * Compares the parser with the results of ruamel.yaml 0.17.21 on libyaml for special cases, in {@code dialect.json}.
 */
class YamlDialectTest {
    static Stream<Arguments> readsTextLikeLibyaml() throws URISyntaxException {
        var table = Path.of(Objects.requireNonNull(YamlDialectTest.class.getResource("dialect.json"))
                .toURI());
        return ((List<?>) Objects.requireNonNull(Json.read(table)))
                .stream().map(row -> Arguments.of(Conformance.map(row).get("id"), row));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void readsTextLikeLibyaml(String name, Map<String, @Nullable Object> row) {
        var text = (String) Objects.requireNonNull(row.get("text"));
        if (row.containsKey("error")) {
            assertThatThrownBy(() -> YamlReader.read("text", text))
                    .isInstanceOf(FmfException.class)
                    .hasMessageStartingWith("text:");
        } else {
            assertThat(NormalForm.form(YamlReader.read("text", text).value())).isEqualTo(row.get("value"));
        }
    }

    @Test
    void errorShowsAPartOfALongLine() {
        var text = "a: [" + "b, ".repeat(100) + "]]" + ", c".repeat(100);
        assertThatThrownBy(() -> YamlReader.read("text", text))
                .hasMessage("text:1: Not valid YAML, expected a key\n  ..."
                        + text.substring(265, 345)
                        + "...\n     "
                        + " ".repeat(40) + "^");
    }

    @Test
    void laterSyntaxErrorIsReportedBeforeAnInvalidValue() {
        assertThatThrownBy(() -> YamlReader.read("text", "a: 2024-02-30\nb: *c\n"))
                .hasMessageStartingWith("text:2: Not valid YAML, the alias \"*c\" has no anchor before it");
    }
}
