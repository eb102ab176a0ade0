package org.atex.fmf;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** A test's metadata as the test itself can read them. */
final class Metadata {
    private static final DumpSettings SETTINGS = DumpSettings.builder()
            .setDefaultFlowStyle(FlowStyle.BLOCK)
            .setWidth(Integer.MAX_VALUE)
            .build();

    private Metadata() {}

    static String yaml(FmfTest test) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("name", test.name());
        all.putAll(test.metadata());
        all.put("name", test.name());
        return new Dump(SETTINGS).dumpToString(all);
    }
}
