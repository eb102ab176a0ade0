package org.atex.testkit;

import java.util.List;
import org.atex.api.Aggregator;
import org.atex.api.TestRecord;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class RecordingAggregatorContractTest extends AggregatorContract {
    private final RecordingAggregator aggregator = RecordingAggregator.create();

    @Override
    protected Aggregator open() {
        return aggregator;
    }

    @Override
    protected List<String> stored() {
        return aggregator.records().stream().map(TestRecord::name).toList();
    }

    @Override
    protected boolean readsResults() {
        return false;
    }
}
