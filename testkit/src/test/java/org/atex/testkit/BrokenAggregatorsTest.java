package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** For a rule (but those of races, which a broken one wins at times) an aggregator that breaks it and no other: its test rejects it, and no other test does. */
@Timeout(120)
class BrokenAggregatorsTest {
    private interface Change {
        void ingest(RecordingAggregator good, TestRecord record, Artifacts artifacts) throws IOException;
    }

    private static void refuse(boolean when, TestRecord record) {
        if (when) {
            throw new AggregationException("could not store " + record.test(), null);
        }
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                arguments("a02", (good, record, artifacts) -> {
                    if (!artifacts.isNone()) {
                        good.ingest(record, artifacts);
                    }
                }),
                arguments("a03", (good, record, artifacts) -> {
                    refuse(!artifacts.isNone() && !artifacts.results().toFile().exists(), record);
                    good.ingest(record, artifacts);
                }),
                arguments("a07", (good, record, artifacts) -> {
                    if (good.records().stream().anyMatch(other -> same(other, record))) {
                        artifacts.delete();
                    } else {
                        good.ingest(record, artifacts);
                    }
                }),
                arguments("a08", (good, record, artifacts) -> {
                    refuse(record.attempt() > 1, record);
                    good.ingest(record, artifacts);
                }),
                arguments("a09", (good, record, artifacts) -> {
                    refuse(good.records().stream().anyMatch(other -> isAbove(record, other)), record);
                    good.ingest(record, artifacts);
                }),
                arguments("a10", (good, record, artifacts) -> {
                    refuse(record.test().length() > 255, record);
                    good.ingest(record, artifacts);
                }),
                arguments("a15", (good, record, artifacts) -> {
                    Thread.interrupted();
                    good.ingest(record, artifacts);
                }));
    }

    private static boolean same(TestRecord one, TestRecord other) {
        return one.test().equals(other.test()) && one.attempt() == other.attempt();
    }

    private static boolean isAbove(TestRecord one, TestRecord other) {
        return other.test().startsWith(one.test() + "/");
    }

    private static Arguments arguments(String rule, Change broken) {
        return Arguments.of(rule, broken);
    }

    /** The contract of whatever is set. */
    static final class Contract extends AggregatorContract {
        static Change tested = RecordingAggregator::ingest;
        private final RecordingAggregator good = RecordingAggregator.create();

        @Override
        protected Aggregator open() {
            Change change = tested;
            return new Aggregator() {
                @Override
                public void ingest(TestRecord record, Artifacts artifacts) {
                    try {
                        change.ingest(good, record, artifacts);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }

                @Override
                public void close() {
                    good.close();
                }
            };
        }

        @Override
        protected List<String> stored() {
            return good.records().stream().map(TestRecord::test).toList();
        }

        @Override
        protected boolean readsResults() {
            return false;
        }
    }

    @ParameterizedTest
    @MethodSource("broken")
    void exactlyItsRuleRejectsIt(String rule, Change broken) {
        Contract.tested = broken;

        assertThat(Rejections.of(Contract.class)).containsExactly(rule);
    }
}
