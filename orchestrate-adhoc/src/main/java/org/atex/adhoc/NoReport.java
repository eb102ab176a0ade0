package org.atex.adhoc;

import java.io.IOException;
import org.atex.api.AggregationException;
import org.atex.api.Aggregator;
import org.atex.api.Artifacts;
import org.atex.api.TestRecord;

/** The aggregator of a kept run that has no other: the results are where the run keeps them. Thread-safe. */
final class NoReport implements Aggregator {
    @Override
    public void ingest(TestRecord record, Artifacts artifacts) {
        try {
            artifacts.delete();
        } catch (IOException e) {
            throw new AggregationException("could not delete the artifacts of " + record, e);
        }
    }

    @Override
    public void close() {}

    @Override
    public String toString() {
        return "no report";
    }
}
