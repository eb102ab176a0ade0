package org.atex.reportportal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ReportPortalAggregatorContractTest extends AggregatorContract {
    private final FakePortal portal;

    ReportPortalAggregatorContractTest() throws IOException {
        portal = new FakePortal();
    }

    @AfterEach
    void closePortal() {
        portal.close();
    }

    @Override
    protected Aggregator open() {
        return ReportPortalAggregator.open(store.resolve("spool"), Portals.options(portal));
    }

    @Override
    protected List<String> stored() {
        assertThat(portal.violations())
                .filteredOn(violation -> !violation.contains("is not finished"))
                .isEmpty();
        assertThat(portal.repeated()).as("repeated calls").isZero();
        return portal.tests().stream()
                .filter(item -> item.finish != null)
                .map(FakePortal.Item::name)
                .toList();
    }
}
