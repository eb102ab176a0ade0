package org.atex.jsonl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.artifacts.FanOut;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.extension.ExtendWith;

/** Runs the contract on a fan-out to two aggregators, which must store the same results. */
@ExtendWith(LeakCheck.class)
class FanOutContractTest extends AggregatorContract {
    @Override
    protected Aggregator open() {
        return FanOut.of(one("first"), one("second"));
    }

    private Aggregator one(String name) {
        return JsonLinesAggregator.open(
                store.resolve(name + ".jsonl"), store.resolve(name + "-files"), JsonLinesOptions.defaults());
    }

    @Override
    protected List<String> stored() throws IOException {
        List<String> stored = tests("first");
        assertThat(tests("second")).containsExactlyInAnyOrderElementsOf(stored);
        return stored;
    }

    private List<String> tests(String name) throws IOException {
        return Files.readAllLines(store.resolve(name + ".jsonl")).stream()
                .map(line ->
                        line.split("\",\"", -1)[2].replaceFirst("\".*", "").replaceFirst(" \\(attempt \\d+\\)", ""))
                .toList();
    }
}
