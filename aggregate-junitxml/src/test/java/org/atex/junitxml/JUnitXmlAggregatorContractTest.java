package org.atex.junitxml;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.atex.api.Aggregator;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.extension.ExtendWith;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

@ExtendWith(LeakCheck.class)
class JUnitXmlAggregatorContractTest extends AggregatorContract {
    private Path report() {
        return store.resolve("junit.xml");
    }

    @Override
    protected Aggregator open() {
        return JUnitXmlAggregator.open(report(), JUnitXmlOptions.defaults().withProfile(Profile.RICH));
    }

    @Override
    protected List<String> stored() throws Exception {
        List<String> names = new ArrayList<>();
        if (Files.exists(report())) {
            NodeList cases = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(report().toFile())
                    .getElementsByTagName("testcase");
            for (int i = 0; i < cases.getLength(); i++) {
                Element element = (Element) cases.item(i);
                names.add(element.getAttribute("name"));
                for (String earlier : List.of("flakyFailure", "flakyError", "rerunFailure", "rerunError")) {
                    for (int j = 0; j < element.getElementsByTagName(earlier).getLength(); j++) {
                        names.add(element.getAttribute("name"));
                    }
                }
            }
        }
        return names;
    }
}
