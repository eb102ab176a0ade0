package org.atex.ctrf;

import org.atex.api.Aggregator;
import org.atex.artifacts.JournaledReport;

/** Checks the contract without the aggregator around the report. */
class JournaledReportContractTest extends CtrfAggregatorContractTest {
    @Override
    protected Aggregator open() {
        return JournaledReport.open(new CtrfFormat(report(), CtrfOptions.defaults()), report(), false, false);
    }
}
