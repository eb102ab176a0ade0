package org.atex.html;

import java.nio.file.Path;
import java.util.List;
import org.atex.api.Aggregator;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class HtmlReportContractTest extends AggregatorContract {
    private Path page() {
        return store.resolve("report.html");
    }

    @Override
    protected Aggregator open() {
        return HtmlReport.open(page());
    }

    @Override
    protected List<String> stored() throws Exception {
        return Written.read(page()).attempts();
    }
}
