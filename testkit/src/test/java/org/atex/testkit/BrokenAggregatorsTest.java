package org.atex.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** For each rule, an aggregator that violates it: only the test of this rule may fail. */
@Timeout(500)
class BrokenAggregatorsTest {
    private static final Pattern ABSOLUTE = Pattern.compile("\"(/[^\"]+)\"");

    /** The contract of the aggregator under test. */
    static final class Contract extends AggregatorContract {
        static Supplier<DelegatingAggregator> tested = DelegatingAggregator::new;
        private DelegatingAggregator opened = new DelegatingAggregator();

        @Override
        protected Aggregator open() {
            opened = tested.get();
            return opened;
        }

        @Override
        protected List<String> stored() {
            return opened.stored();
        }
    }

    @ParameterizedTest
    @MethodSource("broken")
    void onlyTheTestOfItsRuleFails(Broken<Supplier<DelegatingAggregator>> broken) {
        Contract.tested = broken.variant();

        broken.assertRejectedBy(Contract.class);
    }

    @Test
    void correctImplementationPasses() {
        Contract.tested = DelegatingAggregator::new;

        assertThat(FailedRules.of(Contract.class)).isEmpty();
    }

    static Stream<Broken<Supplier<DelegatingAggregator>>> broken() {
        return Stream.of(ingests(), failures(), names(), closes(), threads(), flushes())
                .flatMap(Function.identity());
    }

    /** A correct aggregator with all optional features, which broken ones extend. */
    static class DelegatingAggregator implements Aggregator {
        final RecordingAggregator good = RecordingAggregator.create();

        @Override
        public void ingest(TestRecord record, Artifacts artifacts) {
            try {
                refuse(!artifacts.isNone() && hasBrokenResults(artifacts), record);
                ingested(record, artifacts);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void ingested(TestRecord record, Artifacts artifacts) throws IOException {
            good.ingest(record, artifacts);
        }

        List<String> stored() {
            return good.records().stream().map(TestRecord::name).toList();
        }

        @Override
        public void flush() {
            good.flush();
        }

        @Override
        public void close() {
            good.close();
        }
    }

    private static boolean hasBrokenResults(Artifacts artifacts) throws IOException {
        return textOf(artifacts).lines().anyMatch(line -> !line.startsWith("{"));
    }

    private static String textOf(Artifacts artifacts) throws IOException {
        // Not by a channel, because a pending interrupt would close it.
        try (InputStream results = new FileInputStream(artifacts.results().toFile())) {
            return new String(results.readAllBytes(), UTF_8);
        } catch (FileNotFoundException e) {
            return "";
        }
    }

    private static void refuse(boolean when, TestRecord record) {
        if (when) {
            throw new AggregationException("could not store " + record.name(), null);
        }
    }

    private interface Change {
        void ingest(RecordingAggregator good, TestRecord record, Artifacts artifacts) throws IOException;
    }

    /** Returns an aggregator that stores an attempt in another way. */
    private static Supplier<DelegatingAggregator> ingesting(Change change) {
        return () -> new DelegatingAggregator() {
            @Override
            void ingested(TestRecord record, Artifacts artifacts) throws IOException {
                change.ingest(good, record, artifacts);
            }
        };
    }

    private interface Failure {
        void of(TestRecord record, Artifacts artifacts) throws IOException;
    }

    /** Returns an aggregator that fails correctly, and then does something else. */
    private static Supplier<DelegatingAggregator> failing(Failure failure) {
        return () -> new DelegatingAggregator() {
            @Override
            public void ingest(TestRecord record, Artifacts artifacts) {
                try {
                    super.ingest(record, artifacts);
                } catch (AggregationException e) {
                    try {
                        failure.of(record, artifacts);
                    } catch (IOException more) {
                        e.addSuppressed(more);
                    }
                    throw e;
                }
            }
        };
    }

    /** Returns an aggregator that rejects the same test, or other tests, after a failure. */
    private static Supplier<DelegatingAggregator> failingAfterAFailure(boolean forItself) {
        return () -> {
            AtomicReference<String> failed = new AtomicReference<>();
            return new DelegatingAggregator() {
                @Override
                public void ingest(TestRecord record, Artifacts artifacts) {
                    String before = failed.get();
                    refuse(before != null && before.equals(record.name()) == forItself, record);
                    try {
                        super.ingest(record, artifacts);
                    } catch (AggregationException e) {
                        failed.set(record.name());
                        throw e;
                    }
                }
            };
        };
    }

    private static Stream<Broken<Supplier<DelegatingAggregator>>> ingests() {
        return Stream.of(
                Broken.of("a01", ingesting((good, record, artifacts) -> {
                    boolean hasFiles = !artifacts.isNone() && Files.exists(artifacts.files());
                    good.ingest(record, artifacts);
                    if (hasFiles) {
                        Files.createDirectories(artifacts.files());
                    }
                })),
                Broken.of("a02", ingesting((good, record, artifacts) -> {
                    if (!artifacts.isNone()) {
                        good.ingest(record, artifacts);
                    }
                })),
                Broken.of("a03", ingesting((good, record, artifacts) -> {
                    refuse(!artifacts.isNone() && !Files.exists(artifacts.results()), record);
                    good.ingest(record, artifacts);
                })),
                Broken.of("a08", ingesting((good, record, artifacts) -> {
                    refuse(record.attempt() > 1, record);
                    good.ingest(record, artifacts);
                })),
                Broken.of("a15", ingesting((good, record, artifacts) -> {
                    Thread.interrupted();
                    good.ingest(record, artifacts);
                })));
    }

    private static Stream<Broken<Supplier<DelegatingAggregator>>> failures() {
        return Stream.of(
                Broken.of(
                        "a04",
                        failing((record, artifacts) ->
                                Files.deleteIfExists(artifacts.files().resolve("output.txt")))),
                Broken.of("a05", failingAfterAFailure(false)),
                Broken.of("a06", failingAfterAFailure(true)),
                Broken.of("a07", ingesting((good, record, artifacts) -> {
                    if (good.records().stream().anyMatch(other -> same(other, record))) {
                        artifacts.delete();
                    } else {
                        good.ingest(record, artifacts);
                    }
                })));
    }

    private static Stream<Broken<Supplier<DelegatingAggregator>>> names() {
        return Stream.of(
                Broken.of("a09", ingesting((good, record, artifacts) -> {
                    refuse(good.records().stream().anyMatch(other -> isAbove(record, other)), record);
                    good.ingest(record, artifacts);
                })),
                Broken.of("a10", ingesting((good, record, artifacts) -> {
                    refuse(record.name().length() > 255, record);
                    good.ingest(record, artifacts);
                })),
                Broken.of("a11", ingesting((good, record, artifacts) -> {
                    // As an aggregator does that moves a file from the path in its result.
                    for (Matcher file = ABSOLUTE.matcher(artifacts.isNone() ? "" : textOf(artifacts)); file.find(); ) {
                        Files.deleteIfExists(Path.of(file.group(1)));
                    }
                    good.ingest(record, artifacts);
                })));
    }

    private static Stream<Broken<Supplier<DelegatingAggregator>>> closes() {
        return Stream.of(
                Broken.of("a12", failingAfterClose((record, artifacts) -> {
                    // A17 covers an ingest during a close, which comes from a virtual thread.
                    if (!Thread.currentThread().isVirtual()) {
                        artifacts.delete();
                    }
                })),
                Broken.of("a13", () -> new DelegatingAggregator() {
                    private final AtomicInteger closes = new AtomicInteger();

                    @Override
                    List<String> stored() {
                        return closes.get() > 1 ? List.of() : super.stored();
                    }

                    @Override
                    public void close() {
                        closes.incrementAndGet();
                        super.close();
                    }
                }),
                Broken.of("a14", () -> new DelegatingAggregator() {
                    private final AtomicBoolean used = new AtomicBoolean();

                    @Override
                    public void ingest(TestRecord record, Artifacts artifacts) {
                        used.set(true);
                        super.ingest(record, artifacts);
                    }

                    @Override
                    List<String> stored() {
                        if (!used.get()) {
                            throw new IllegalStateException("no results are stored");
                        }
                        return super.stored();
                    }
                }));
    }

    private static Supplier<DelegatingAggregator> failingAfterClose(Failure failure) {
        return () -> new DelegatingAggregator() {
            @Override
            void ingested(TestRecord record, Artifacts artifacts) throws IOException {
                try {
                    super.ingested(record, artifacts);
                } catch (IllegalStateException e) {
                    failure.of(record, artifacts);
                    throw e;
                }
            }
        };
    }

    private static Stream<Broken<Supplier<DelegatingAggregator>>> threads() {
        return Stream.of(
                Broken.of("a16", () -> new DelegatingAggregator() {
                    private final AtomicReference<Thread> owner = new AtomicReference<>();

                    @Override
                    void ingested(TestRecord record, Artifacts artifacts) throws IOException {
                        owner.compareAndSet(null, Thread.currentThread());
                        refuse(!Thread.currentThread().equals(owner.get()), record);
                        super.ingested(record, artifacts);
                    }
                }),
                Broken.of("a17", () -> new DelegatingAggregator() {
                    private final CountDownLatch closing = new CountDownLatch(1);

                    @Override
                    public void ingest(TestRecord record, Artifacts artifacts) {
                        try {
                            // Waits for the close, so that the two always overlap.
                            if (Thread.currentThread().isVirtual()
                                    && record.name().equals("/test")
                                    && closing.await(5, TimeUnit.SECONDS)) {
                                artifacts.delete();
                                return;
                            }
                        } catch (IOException | InterruptedException e) {
                            throw new AssertionError(e);
                        }
                        super.ingest(record, artifacts);
                    }

                    @Override
                    public void close() {
                        closing.countDown();
                        super.close();
                    }
                }));
    }

    private static Stream<Broken<Supplier<DelegatingAggregator>>> flushes() {
        return Stream.of(
                Broken.of("a19", () -> new DelegatingAggregator() {
                    @Override
                    List<String> stored() {
                        return good.isClosed() ? super.stored() : List.of();
                    }
                }),
                Broken.of("a20", () -> new DelegatingAggregator() {
                    @Override
                    void ingested(TestRecord record, Artifacts artifacts) throws IOException {
                        refuse(good.flushes() > 20, record);
                        super.ingested(record, artifacts);
                    }
                }),
                Broken.of("a21", () -> new DelegatingAggregator() {
                    @Override
                    public void flush() {
                        if (good.isClosed()) {
                            throw new IllegalStateException("this aggregator is closed");
                        }
                        super.flush();
                    }
                }),
                Broken.of("a22", () -> new DelegatingAggregator() {
                    @Override
                    public void flush() {
                        Thread.interrupted();
                        super.flush();
                    }
                }),
                Broken.of("a23", () -> new DelegatingAggregator() {
                    @Override
                    public Optional<Path> files(TestRecord record) {
                        return Optional.of(Path.of("nowhere"));
                    }
                }),
                Broken.of("a24", () -> new DelegatingAggregator() {
                    @Override
                    public void resume() {
                        close();
                    }
                }));
    }

    private static boolean same(TestRecord one, TestRecord other) {
        return one.name().equals(other.name()) && one.attempt() == other.attempt();
    }

    private static boolean isAbove(TestRecord one, TestRecord other) {
        return other.name().startsWith(one.name() + "/");
    }
}
