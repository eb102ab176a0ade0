package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.atex.testkit.TestArtifacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FanOutTest {
    private static final TestRecord RECORD = TestRecord.of("here", "/a", TestEnd.exited(0));

    @TempDir
    Path directory;

    private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

    @Test
    void eachAggregatorGetsRecordAndArtifacts() throws IOException {
        Artifacts artifacts = artifacts();
        try (FanOut both = FanOut.of(taker("one"), taker("two"))) {
            both.ingest(RECORD, artifacts);
            both.ingest(RECORD, Artifacts.none());
        }
        assertThat(seen.subList(0, 4))
                .containsExactly("one: results {} dir/log", "two: results {} dir/log", "one: none", "two: none");
        assertThat(seen.subList(4, 6)).containsExactlyInAnyOrder("one closed", "two closed");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void failureDoesNotAffectOthersAndKeepsTheArtifacts() throws IOException {
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
    void firstFailureIsThrownWithTheOthersSuppressed() throws IOException {
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
    void eachAggregatorIsFlushedEvenIfAnotherFails() {
        Aggregator error = new Flushed(() -> {
            throw new NoClassDefFoundError("gone");
        });
        FanOut fanOut = FanOut.of(
                new Flushed(() -> {
                    throw new AggregationException("first", null);
                }),
                error,
                new Flushed(() -> {}),
                new Flushed(() -> {
                    throw new AggregationException("last", null);
                }));

        assertThatThrownBy(fanOut::flush)
                .isInstanceOf(AggregationException.class)
                .hasMessage("first")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .extracting(Throwable::getMessage)
                        .containsExactly("gone", "last"));
        assertThat(seen).containsExactly("flushed");
        assertThatThrownBy(FanOut.of(error)::flush).isInstanceOf(NoClassDefFoundError.class);
    }

    @Test
    @Timeout(180)
    void blockedAggregatorDoesNotDelayFlushAndCloseOfOthers() throws Exception {
        for (Consumer<FanOut> step : List.<Consumer<FanOut>>of(FanOut::flush, FanOut::close)) {
            CountDownLatch hang = new CountDownLatch(1);
            CountDownLatch reached = new CountDownLatch(1);
            FanOut fanOut = FanOut.of(new Flushed(() -> await(hang)), new Flushed(reached::countDown));
            Thread thread = Thread.ofVirtual().start(() -> step.accept(fanOut));
            reached.await();
            assertThat(thread.isAlive()).as("waits for the blocked aggregator").isTrue();
            thread.interrupt();
            hang.countDown();
            thread.join();
        }
        assertThat(seen).contains("flushed", "closed");
    }

    @Test
    void flushKeepsAnInterruptPending() {
        Thread.currentThread().interrupt();
        FanOut.of(new Flushed(() -> {}), new Flushed(() -> {})).flush();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(seen).containsExactly("flushed", "flushed");
    }

    @Test
    void filesComeFromTheFirstAggregatorThatHasThem() {
        Path known = directory.resolve("known");
        Aggregator knows = new Flushed(() -> {}) {
            @Override
            public Optional<Path> files(TestRecord record) {
                return Optional.of(known);
            }
        };
        Aggregator fails = new Flushed(() -> {}) {
            @Override
            public Optional<Path> files(TestRecord record) {
                throw new IllegalStateException("files");
            }
        };
        assertThat(FanOut.of(taker("no"), fails, knows).files(RECORD)).contains(known);
        assertThat(FanOut.of(taker("no")).files(RECORD)).isEmpty();
        assertThatThrownBy(() -> FanOut.of(fails, taker("no")).files(RECORD)).hasMessage("files");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** An aggregator that runs the given actions when it is flushed and closed. */
    private class Flushed implements Aggregator {
        private final Runnable step;

        Flushed(Runnable step) {
            this.step = step;
        }

        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            throw new AssertionError("nothing is ingested");
        }

        @Override
        public void flush() {
            step.run();
            seen.add("flushed");
        }

        @Override
        public void close() {
            step.run();
            seen.add("closed");
        }
    }

    @Test
    void refusesAnEmptyListOfAggregators() {
        assertThatThrownBy(FanOut::of).isInstanceOf(IllegalArgumentException.class);
    }

    private Artifacts artifacts() throws IOException {
        return TestArtifacts.below(directory)
                .results("{}")
                .file("dir/log", "log")
                .artifacts();
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
