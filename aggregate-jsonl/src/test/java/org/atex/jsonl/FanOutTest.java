package org.atex.jsonl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.LeftArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FanOutTest {
    private static final TestRecord RECORD = TestRecord.of("here", "/a", TestEnd.exited(0));

    @TempDir
    Path directory;

    private final List<String> seen = new ArrayList<>();

    @Test
    void everyAggregatorGetsAllOfIt() throws IOException {
        Artifacts artifacts = artifacts();
        try (FanOut both = FanOut.of(taker("one"), taker("two"))) {
            both.ingest(RECORD, artifacts);
            both.ingest(RECORD, Artifacts.none());
        }
        assertThat(seen)
                .containsExactly(
                        "one: results {} dir/log",
                        "two: results {} dir/log",
                        "one: none",
                        "two: none",
                        "one closed",
                        "two closed");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aFailureHindersNoOtherAndLeavesTheArtifactsToTheCaller() throws IOException {
        for (int failing = 0; failing < 3; failing++) {
            seen.clear();
            Aggregator[] three = {taker("0"), taker("1"), taker("2")};
            three[failing] = failer("broken");
            Artifacts artifacts = artifacts();

            assertThatThrownBy(() -> FanOut.of(three).ingest(RECORD, artifacts))
                    .isInstanceOf(AggregationException.class)
                    .hasMessage("broken")
                    .hasNoSuppressedExceptions();
            assertThat(seen).hasSize(2);
            assertThat(artifacts.files().resolve("dir/log")).hasContent("log");
            assertThat(artifacts.results()).hasContent("{}");
            artifacts.delete();
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void ofSeveralFailuresTheFirstIsThrownAndTheOthersAreKnown() throws IOException {
        Artifacts artifacts = artifacts();
        FanOut fanOut = FanOut.of(failer("one"), taker("two"), failer("three"));

        assertThatThrownBy(() -> fanOut.ingest(RECORD, artifacts))
                .hasMessage("one")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .singleElement()
                        .hasToString("org.atex.api.AggregationException: three"));
        assertThatThrownBy(fanOut::close)
                .hasMessage("close one")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
        assertThat(seen).contains("two closed");
    }

    @Test
    void refusesToGiveToNobody() {
        assertThatThrownBy(FanOut::of).isInstanceOf(IllegalArgumentException.class);
    }

    private Artifacts artifacts() throws IOException {
        return LeftArtifacts.below(directory).results("{}").file("dir/log", "log").artifacts();
    }

    private Aggregator taker(String name) {
        return new Aggregator() {
            @Override
            public void ingest(TestRecord record, Artifacts artifacts) {
                try {
                    seen.add(name + ": " + (artifacts.isNone() ? "none" : contents(artifacts)));
                    artifacts.delete();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public void close() {
                seen.add(name + " closed");
            }
        };
    }

    private static String contents(Artifacts artifacts) throws IOException {
        try (Stream<Path> files = Files.walk(artifacts.files())) {
            String names = String.join(
                    " ",
                    files.filter(Files::isRegularFile)
                            .map(file -> artifacts.files().relativize(file).toString())
                            .toList());
            return "results " + Files.readString(artifacts.results()) + " " + names;
        }
    }

    private static Aggregator failer(String why) {
        return new Aggregator() {
            @Override
            public void ingest(TestRecord record, Artifacts artifacts) {
                throw new AggregationException(why, null);
            }

            @Override
            public void close() {
                throw new AggregationException("close " + why, null);
            }
        };
    }
}
