package org.atex.ctrf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

@ExtendWith(LeakCheck.class)
class CtrfAggregatorContractTest extends AggregatorContract {
    Path report() {
        return store.resolve("ctrf.json");
    }

    @Override
    protected Aggregator open() {
        return CtrfAggregator.open(report());
    }

    @Override
    protected List<String> stored() throws Exception {
        List<String> names = new ArrayList<>();
        if (Files.exists(report())) {
            for (JsonNode test : Report.read(report()).tests()) {
                for (int i = 0; i <= test.path("retryAttempts").size(); i++) {
                    names.add(test.path("name").asString(""));
                }
            }
        }
        return names;
    }
}
