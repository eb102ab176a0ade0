package org.atex.allure;

import java.nio.file.Path;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class AllureAggregatorContractTest extends AggregatorContract {
    private Path results() {
        return store.resolve("allure-results");
    }

    @Override
    protected Aggregator open() {
        return AllureAggregator.open(results());
    }

    @Override
    protected List<String> stored() throws Exception {
        return Results.names(results());
    }
}
