package org.atex.reportportal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class ReportPortalAggregatorContractTest extends AggregatorContract {
    private final FakePortal portal;
    private @Nullable Aggregator opened;

    ReportPortalAggregatorContractTest() throws IOException {
        portal = new FakePortal();
    }

    @BeforeAll
    static void warmUp(@TempDir Path scratch) throws Exception {
        FakePortal.warmUp(scratch);
    }

    @AfterEach
    void closePortal() {
        // First: the contract closes it later, without a service.
        if (opened != null) {
            opened.close();
        }
        portal.close();
    }

    @Override
    protected Aggregator open() {
        opened = ReportPortalAggregator.open(
                store.resolve("spool"), Portals.project(portal.endpoint()), Portals.options());
        return opened;
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
