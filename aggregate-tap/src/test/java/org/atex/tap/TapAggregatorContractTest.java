package org.atex.tap;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.Aggregator;
import org.atex.testkit.AggregatorContract;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class TapAggregatorContractTest extends AggregatorContract {
    /** A test point, or an earlier attempt at the last one. */
    private static final Pattern POINT = Pattern.compile("(?m)^(?:not )?ok \\d+ - a-platform: (.*)|^    - \"attempt ");

    private Path report() {
        return store.resolve("results.tap");
    }

    @Override
    protected Aggregator open() {
        return TapAggregator.open(report());
    }

    @Override
    protected List<String> stored() throws Exception {
        return Files.exists(report()) ? names(Files.readString(report())) : List.of();
    }

    private static List<String> names(String report) {
        List<String> names = new ArrayList<>();
        Matcher point = POINT.matcher(report);
        while (point.find()) {
            names.add(point.group(1) == null ? names.getLast() : point.group(1));
        }
        return names;
    }

    @Nested
    @ExtendWith(LeakCheck.class)
    class OfStreams extends AggregatorContract {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        @Override
        protected Aggregator open() {
            return TapAggregator.to(out);
        }

        @Override
        protected List<String> stored() {
            return names(out.toString(StandardCharsets.UTF_8));
        }
    }
}
