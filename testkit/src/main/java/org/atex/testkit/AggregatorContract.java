package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.Outcome;
import org.atex.api.SystemInfo;
import org.atex.api.TestEnd;
import org.atex.api.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests of the rules for {@link Aggregator}: A01 and following in {@code docs/contract.md}.
 *
 * <p>An implementation inherits the tests by a subclass that opens an aggregator and reads the stored results.
 */
@Timeout(180)
public abstract class AggregatorContract {
    /** A directory for the stored results, deleted after each test. The artifacts are in another directory. */
    @TempDir
    protected Path store;

    @TempDir
    Path scratch;

    private Aggregator aggregator;
    private int directories;

    /** For subclasses. */
    @SuppressWarnings("NullAway.Init") // JUnit fills the fields
    protected AggregatorContract() {}

    /**
     * {@return a new aggregator}
     *
     * @throws Exception if it cannot be opened
     */
    protected abstract Aggregator open() throws Exception;

    /**
     * {@return the names of the stored tests in any order, one for each attempt; called after {@code close} or {@code
     * flush}}
     *
     * @throws Exception if they cannot be read
     */
    protected abstract List<String> stored() throws Exception;

    /** {@return whether the aggregator parses results, and so rejects malformed ones} */
    protected boolean readsResults() {
        return true;
    }

    /** {@return whether the aggregator rejects a second result of the same attempt} */
    protected boolean refusesDuplicates() {
        return true;
    }

    @BeforeEach
    void openFirst() throws Exception {
        aggregator = open();
    }

    @AfterEach
    void closeLast() {
        aggregator.close();
    }

    private static TestRecord record(String test) {
        return TestRecord.of("a-platform", test, TestEnd.exited(0));
    }

    private Artifacts artifacts(String... results) throws IOException {
        Path directory = Files.createDirectory(scratch.resolve("artifacts-" + ++directories));
        Files.write(directory.resolve("results"), List.of(results));
        Files.createDirectory(directory.resolve("files"));
        Files.writeString(directory.resolve("files/output.txt"), "some output");
        return Artifacts.at(directory);
    }

    private Artifacts good() throws IOException {
        return artifacts("{\"status\":\"pass\",\"files\":[\"output.txt\"]}");
    }

    private Artifacts bad() throws IOException {
        return artifacts("{\"status\":\"pass\",\"files\":[\"output.txt\"]}", "malformed line");
    }

    private List<String> closedAndStored() throws Exception {
        aggregator.close();
        return stored();
    }

    @Test
    void a01_ingestTakesOwnershipOfTheArtifacts() throws Exception {
        Artifacts artifacts = good();

        aggregator.ingest(record("/test"), artifacts);

        assertThat(artifacts.directory()).doesNotExist();
        assertThat(closedAndStored()).containsExactly("/test");
    }

    @Test
    void a02_testThatNeverStartedIsStored() throws Exception {
        aggregator.ingest(TestRecord.notRun("a-platform", "/never", "no system has a tape drive"), Artifacts.none());

        assertThat(closedAndStored()).containsExactly("/never");
    }

    @Test
    void a03_artifactsMayBeEmpty() throws Exception {
        Path empty = Files.createDirectory(scratch.resolve("empty"));

        aggregator.ingest(record("/test"), Artifacts.at(empty));

        assertThat(empty).doesNotExist();
        assertThat(closedAndStored()).containsExactly("/test");
    }

    @Test
    void a04_failedIngestChangesNothing() throws Exception {
        assumeTrue(readsResults(), "this aggregator does not parse results");
        Artifacts artifacts = bad();

        assertThatThrownBy(() -> aggregator.ingest(record("/test"), artifacts))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("/test");

        assertThat(artifacts.results()).content().contains("malformed line");
        assertThat(artifacts.files().resolve("output.txt")).hasContent("some output");
        assertThat(closedAndStored()).isEmpty();
    }

    @Test
    void a05_failedIngestDoesNotAffectOthers() throws Exception {
        assumeTrue(readsResults(), "this aggregator does not parse results");
        aggregator.ingest(record("/before"), good());
        Artifacts bad = bad();
        assertThatThrownBy(() -> aggregator.ingest(record("/bad"), bad)).isInstanceOf(AggregationException.class);
        aggregator.ingest(record("/after"), good());

        assertThat(closedAndStored()).containsExactlyInAnyOrder("/before", "/after");
    }

    @Test
    void a06_failedIngestCanBeRepeated() throws Exception {
        assumeTrue(readsResults(), "this aggregator does not parse results");
        Artifacts artifacts = bad();
        assertThatThrownBy(() -> aggregator.ingest(record("/test"), artifacts))
                .isInstanceOf(AggregationException.class);
        Files.writeString(artifacts.results(), "{\"status\":\"pass\"}\n");

        aggregator.ingest(record("/test"), artifacts);

        assertThat(closedAndStored()).containsExactly("/test");
    }

    @Test
    void a07_secondIngestOfAnAttemptIsRejected() throws Exception {
        assumeTrue(refusesDuplicates(), "this aggregator accepts duplicates");
        aggregator.ingest(record("/test"), good());
        Artifacts again = good();

        assertThatThrownBy(() -> aggregator.ingest(record("/test"), again))
                .isInstanceOf(AggregationException.class)
                .hasMessageContaining("/test");
        assertThat(again.results()).exists();
        assertThat(closedAndStored()).containsExactly("/test");
    }

    @Test
    void a08_allAttemptsAreStored() throws Exception {
        TestRecord second = record("/test");
        TestRecord first = TestRecord.of("a-platform", "/test", TestEnd.of(Outcome.FAILED, "flaky"))
                .withAttempt(1, false)
                .withTimes(second.started(), second.took())
                .withSystem(SystemInfo.named("a-system"), 1);
        aggregator.ingest(first, good());
        aggregator.ingest(second.withAttempt(2, true).withSystem(SystemInfo.named("a-system"), 1), good());

        assertThat(closedAndStored()).containsExactly("/test", "/test");
    }

    @Test
    void a09_testBelowATestIsStored() throws Exception {
        aggregator.ingest(record("/a/b"), good());
        aggregator.ingest(record("/a"), good());
        aggregator.ingest(record("/a/b/c"), good());

        assertThat(closedAndStored()).containsExactlyInAnyOrder("/a", "/a/b", "/a/b/c");
    }

    @Test
    void a10_longNameIsStored() throws Exception {
        String name = "/long/" + "x".repeat(300);
        aggregator.ingest(record(name), good());

        assertThat(closedAndStored()).containsExactly(name);
    }

    @Test
    void a11_filesDoNotLeaveTheStore() throws Exception {
        Path outside = Files.writeString(scratch.resolve("outside"), "untouched");
        Artifacts artifacts = artifacts("{\"status\":\"pass\",\"files\":[\"../../../outside\",\"" + outside + "\"]}");
        try {
            aggregator.ingest(record("/../../escape"), artifacts);
        } catch (AggregationException e) {
            assertThat(e).hasMessageContaining("escape");
        }
        aggregator.close();

        assertThat(outside).hasContent("untouched");
        try (Stream<Path> beside = Files.list(scratch)) {
            assertThat(beside.filter(path -> !path.startsWith(scratch.resolve("artifacts-1"))))
                    .containsExactly(outside);
        }
        assertThat(store.resolveSibling("escape")).doesNotExist();
    }

    @Test
    void a12_closedAggregatorRejectsResults() throws Exception {
        aggregator.close();
        Artifacts artifacts = good();

        assertThatThrownBy(() -> aggregator.ingest(record("/test"), artifacts))
                .isInstanceOf(IllegalStateException.class);
        assertThat(artifacts.results()).exists();
    }

    @Test
    void a13_closeTwiceIsHarmless() throws Exception {
        aggregator.ingest(record("/test"), good());
        aggregator.close();
        aggregator.close();

        assertThat(stored()).containsExactly("/test");
    }

    @Test
    void a14_emptyAggregatorCanBeClosed() throws Exception {
        assertThat(closedAndStored()).isEmpty();
    }

    @Test
    void a15_ingestKeepsAPendingInterrupt() throws Exception {
        Artifacts artifacts = good();
        Thread.currentThread().interrupt();

        aggregator.ingest(record("/test"), artifacts);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(closedAndStored()).containsExactly("/test");
    }

    @Test
    void a16_manyThreadsIngestAtOnce() throws Exception {
        List<Call<Boolean>> calls = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            String prefix = "/thread-" + thread + "/";
            List<Artifacts> artifacts = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                artifacts.add(good());
            }
            calls.add(Call.to(() -> {
                for (int i = 0; i < 20; i++) {
                    aggregator.ingest(record(prefix + i), artifacts.get(i));
                }
            }));
        }
        for (Call<Boolean> call : calls) {
            call.result();
        }
        List<String> all = IntStream.range(0, 160)
                .mapToObj(i -> "/thread-" + i / 20 + "/" + i % 20)
                .toList();
        assertThat(closedAndStored()).containsExactlyInAnyOrderElementsOf(all);
    }

    @Test
    void a17_ingestDuringCloseIsStoredOrRejected() throws Exception {
        Artifacts artifacts = good();
        Call<Boolean> ingest = Call.to(() -> aggregator.ingest(record("/test"), artifacts));
        aggregator.close();
        boolean done;
        try {
            done = ingest.result();
        } catch (IllegalStateException e) {
            done = false;
        }
        assertThat(stored()).hasSize(done ? 1 : 0);
        assertThat(Files.exists(artifacts.results())).isEqualTo(!done);
    }

    @Test
    void a19_flushedResultsCanBeRead() throws Exception {
        aggregator.ingest(record("/test"), good());

        aggregator.flush();

        assertThat(stored()).containsExactly("/test");
    }

    @Test
    void a20_resultsAreIngestedDuringAndAfterAFlush() throws Exception {
        aggregator.ingest(record("/before"), good());
        Call<Boolean> flushes = Call.to(() -> {
            for (int i = 0; i < 20; i++) {
                aggregator.flush();
            }
        });
        for (int i = 0; i < 20; i++) {
            aggregator.ingest(record("/beside/" + i), good());
        }
        flushes.result();
        aggregator.flush();
        aggregator.ingest(record("/after"), good());

        List<String> all = Stream.concat(
                        Stream.of("/before", "/after"), IntStream.range(0, 20).mapToObj(i -> "/beside/" + i))
                .toList();
        assertThat(closedAndStored()).containsExactlyInAnyOrderElementsOf(all);
    }

    @Test
    void a21_repeatedParallelAndLateFlushesAreHarmless() throws Exception {
        aggregator.flush();
        aggregator.ingest(record("/test"), good());
        List<Call<Boolean>> calls = new ArrayList<>();
        for (int thread = 0; thread < 8; thread++) {
            calls.add(Call.to(aggregator::flush));
        }
        for (Call<Boolean> call : calls) {
            call.result();
        }
        aggregator.close();
        aggregator.flush();

        assertThat(stored()).containsExactly("/test");
    }

    @Test
    void a22_flushKeepsAPendingInterrupt() throws Exception {
        aggregator.ingest(record("/test"), good());
        Thread.currentThread().interrupt();

        aggregator.flush();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(closedAndStored()).containsExactly("/test");
    }

    @Test
    void a23_filesAreThoseOfTheAttempt() throws Exception {
        TestRecord one = record("/test");
        TestRecord below = record("/test/below");
        assertThat(aggregator.files(one))
                .as("files of an attempt before it is ingested")
                .isEmpty();
        aggregator.ingest(one, good());
        aggregator.ingest(below, good());

        for (TestRecord record : List.of(one, below)) {
            aggregator
                    .files(record)
                    .ifPresent(directory ->
                            assertThat(directory.resolve("output.txt")).hasContent("some output"));
        }
        aggregator
                .files(one)
                .ifPresent(directory ->
                        assertThat(aggregator.files(below)).isPresent().get().isNotEqualTo(directory));
        assertThat(aggregator.files(record("/other")))
                .as("files of an attempt that is not ingested")
                .isEmpty();
        assertThat(closedAndStored()).containsExactlyInAnyOrder("/test", "/test/below");
    }

    @Test
    void a24_resultsAreStoredAfterAResume() throws Exception {
        aggregator.resume();
        aggregator.ingest(record("/test"), good());

        assertThat(closedAndStored()).containsExactly("/test");
    }
}
