package org.atex.jsonl;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class JsonLinesAggregatorContractTest extends AggregatorContract {
    @Override
    protected Aggregator open() {
        return JsonLinesAggregator.open(
                store.resolve("results.jsonl"), store.resolve("FILES"), JsonLinesOptions.defaults());
    }

    @Override
    protected List<String> stored() throws IOException {
        return Files.readAllLines(store.resolve("results.jsonl")).stream()
                .map(line ->
                        line.split("\",\"", -1)[2].replaceFirst("\".*", "").replaceFirst(" \\(attempt \\d+\\)", ""))
                .toList();
    }
}
