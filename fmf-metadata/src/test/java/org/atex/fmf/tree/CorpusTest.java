package org.atex.fmf.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares this library with the results of Python fmf, which are recorded in the conformance corpus. */
class CorpusTest {
    /** A directory with cases from public repositories, which are not part of this project, or null. */
    private static final @Nullable String FOREIGN = System.getProperty("atex.fmf.corpus");

    /** DeepCopier of trees by their directory. A large tree has several cases, and is copied once. */
    private static final Map<Path, Path> COPIES = new HashMap<>();

    @TempDir
    private static Path copies;

    private static Path own() {
        try {
            return Path.of(Objects.requireNonNull(CorpusTest.class.getResource("corpus"))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static Stream<Arguments> handMade() {
        return Corpus.expectations(own(), "hand-").stream().map(file -> Arguments.of(own().relativize(file)));
    }

    @ParameterizedTest
    @MethodSource
    void handMade(Path file) throws IOException {
        check(own().resolve(file));
    }

    static Stream<Arguments> real() {
        if (FOREIGN == null) {
            return Stream.of(Arguments.of(Path.of("none")));
        }
        var folder = Path.of(FOREIGN);
        return Corpus.expectations(folder, "real-").stream().map(file -> Arguments.of(folder.relativize(file)));
    }

    @ParameterizedTest
    @MethodSource
    void real(Path file) throws IOException {
        assumeTrue(FOREIGN != null, "the system property atex.fmf.corpus is not set");
        check(Path.of(Objects.requireNonNull(FOREIGN)).resolve(file));
    }

    private static void check(Path file) throws IOException {
        var folder = Objects.requireNonNull(file.getParent());
        var tree = COPIES.get(folder);
        if (tree == null) {
            tree = Corpus.copy(folder, copies.resolve(folder.getFileName().toString()));
            COPIES.put(folder, tree);
        }
        var expected = Corpus.expectation(file);
        var answer = Conformance.map(Conformance.answer(Corpus.request(expected, tree)));
        if (expected.containsKey("error")) {
            assertThat(answer).containsKey("error");
            if (!"internal".equals(expected.get("class"))) {
                assertThat(answer.get("class")).isEqualTo(expected.get("class"));
            }
            return;
        }
        assertThat(answer).doesNotContainKey("error");
        for (var part : List.of("whole", "nodes", "branches")) {
            assertThat(answer.get(part)).as(part).isEqualTo(expected.get(part));
        }
        var prunes = (List<?>) Objects.requireNonNull(answer.get("prunes"));
        var queries = (List<?>) Objects.requireNonNull(expected.get("prunes"));
        for (var i = 0; i < queries.size(); i++) {
            var query = Conformance.map(queries.get(i));
            if (query.containsKey("error")) {
                assertThat(Conformance.map(prunes.get(i))).as(query.toString()).containsKey("error");
            } else {
                assertThat(prunes.get(i)).as(query.toString()).isEqualTo(query.get("result"));
            }
        }
    }

    private static Stream<Arguments> rows(String table) {
        var rows = new ArrayList<Arguments>();
        for (var row : (List<?>) Objects.requireNonNull(Json.read(own().resolve(table + ".json")))) {
            var request = new HashMap<String, @Nullable Object>(Conformance.map(row));
            request.put("op", table);
            if (!Boolean.FALSE.equals(request.get("strict"))) {
                rows.add(Arguments.of(request));
            }
        }
        return rows.stream();
    }

    static Stream<Arguments> context() {
        return rows("context");
    }

    @ParameterizedTest
    @MethodSource
    void context(Map<String, @Nullable Object> row) {
        assertThat(Conformance.map(Conformance.answer(row)).get("outcome")).isEqualTo(row.get("expected"));
    }

    static Stream<Arguments> filter() {
        return rows("filter");
    }

    @ParameterizedTest
    @MethodSource
    void filter(Map<String, @Nullable Object> row) {
        assertThat(Conformance.map(Conformance.answer(row)).get("outcome")).isEqualTo(row.get("expected"));
    }

    static Stream<Arguments> yaml() {
        return rows("yaml");
    }

    @ParameterizedTest
    @MethodSource
    void yaml(Map<String, @Nullable Object> row) {
        var answer = Conformance.map(Conformance.answer(row));
        assertThat(answer.containsKey("error")).isEqualTo(row.containsKey("error"));
        assertThat(answer.get("value")).isEqualTo(row.get("value"));
    }

    @Test
    void missingContextAndDataAreAccepted() {
        var request = new HashMap<String, @Nullable Object>();
        request.put("op", "context");
        request.put("expression", "distro is not defined");
        request.put("context", null);
        assertThat(Conformance.answer(request)).isEqualTo(Map.of("outcome", "true"));
        request.put("expression", "distro == fedora");
        assertThat(Conformance.answer(request)).isEqualTo(Map.of("outcome", "cannot-decide"));
        request.put("op", "filter");
        request.put("filter", "");
        request.put("data", null);
        assertThat(Conformance.answer(request)).isEqualTo(Map.of("outcome", "true"));
        request.put("filter", "a: b");
        assertThat(Conformance.map(Conformance.answer(request))).containsEntry("class", "FilterError");
    }
}
